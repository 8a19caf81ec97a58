#pragma once
// Kubernetes manifests as typed objects that still know their places.

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/cluster/objects.hpp"
#include "core/scenario/diagnostics.hpp"
#include "core/scenario/documents.hpp"
#include "core/scenario/scenario.hpp"
#include "core/scenario/source_folder.hpp"

namespace tandem::scenario {

struct ManifestObject {
  cluster::AnyObject object;   ///< defaulted, namespace filled in
  Node document;               ///< as written
};

/// A pod template and what makes pods of it.
struct PodSource {
  const cluster::Labels* labels = nullptr;
  const cluster::PodSpec* spec = nullptr;
  std::string namespace_;
  std::string owner;           ///< "Deployment default/web"
  std::string spec_path;       ///< "spec.template.spec", or "spec" for a pod
  std::int64_t replicas = 1;
  const Node* document = nullptr;
};

/// All objects of all manifests, in file order. Views into it stay valid as long as nothing is added.
class ManifestSet {
 public:
  /// Reads one file. Errors and warnings go to `diagnostics`, what becomes of each field to `notes`.
  void read(const SourceFile& file, const InputLimits& limits, Diagnostics& diagnostics, std::vector<FieldNote>& notes);

  [[nodiscard]] const std::vector<ManifestObject>& objects() const { return objects_; }
  [[nodiscard]] const cluster::Deployment* deployment(std::string_view namespace_, std::string_view name) const;
  [[nodiscard]] const ManifestObject* service(std::string_view namespace_, std::string_view name) const;
  /// Deployments, ReplicaSets and Pods.
  [[nodiscard]] std::vector<PodSource> pod_sources() const;
  /// Names of a kind in a namespace, for hints.
  [[nodiscard]] std::vector<std::string_view> names(cluster::Kind kind, std::string_view namespace_) const;

 private:
  void add(const Node& document, Diagnostics& diagnostics, std::vector<FieldNote>& notes);

  std::vector<ManifestObject> objects_;
  std::map<std::array<std::string, 3>, std::size_t> by_name_;  ///< group and kind, namespace, name → position in objects_
};

/// "Deployment default/web", "Node a".
std::string describe(const cluster::AnyObject& object);
const cluster::ObjectMeta& meta_of(const cluster::AnyObject& object);

}  // namespace tandem::scenario

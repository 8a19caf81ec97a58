#pragma once
// The kinds of objects that the API server serves: their words on the command line and their tables.

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/kubectl/cells.hpp"

namespace tandem::kubectl {

struct Resource {
  std::string_view kind;      ///< "Deployment"
  std::string_view plural;    ///< "deployments", without group
  std::string_view group;     ///< "apps"; empty: the core group
  std::string_view version;   ///< "v1"
  std::array<std::string_view, 2> short_names;
  bool is_namespaced;
  bool in_all;                ///< member of the category `all`
  Cells (*columns)(bool wide);
  Cells (*cells)(const nlohmann::json& object, const GetOptions& options);

  /// "deployment": what tables and `-o name` put in front of names, with singular_with_group().
  [[nodiscard]] std::string singular() const;
  /// "deployment.apps", "pod".
  [[nodiscard]] std::string singular_with_group() const;
  /// "deployments.apps", "pods": the form of messages.
  [[nodiscard]] std::string plural_with_group() const;
};

/// All of them; those in `all` come first, in the order in which a real API server's discovery names them and `get all` prints them.
std::span<const Resource> resources();
/// By kind ("Deployment"); null if it is not known.
const Resource* resource_of_kind(std::string_view kind);
/// By a word as kubectl takes it, in any case but for short names: "deploy", "deployments", "Deployment", "deployments.apps",
/// "deployments.v1.apps"; a group may be cut short. Null if there is none.
const Resource* find_resource(std::string_view word);
/// Every word for hints: plurals, singulars, short names.
std::vector<std::string> resource_words();

}  // namespace tandem::kubectl

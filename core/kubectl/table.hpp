#pragma once
// Tables as kubectl prints them: upper-case headers, cells padded to the widest plus three blanks, no borders.

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace tandem::kubectl {

/// kubectl's duration.HumanDuration of an age in whole seconds: "119s", "2m5s", "179m", "3h20m", "47h", "2d2h", "400d", "2y70d".
/// Up to one second in the future is "0s", further ahead "<invalid>".
std::string human_duration(std::int64_t seconds);

struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

/// Text of the table: every cell but the last of its row is padded. An empty last cell leaves the padding before it.
std::string to_text(const Table& table, bool with_headers = true);

/// What `kubectl get` takes besides the kind.
struct GetOptions {
  bool wide = false;
  bool all_namespaces = false;
  bool show_labels = false;
  bool with_headers = true;
  bool with_kind = false;                   ///< names get their kind in front, as when several kinds are asked for
  std::vector<std::string> label_columns;   ///< -L
  std::int64_t now_unix_seconds = 0;        ///< ages count up to here
};

/// The table of objects of one kind, given as Kubernetes JSON and printed in the given order. Kinds without a table of their
/// own get NAME and AGE. Requires: all objects have the same kind.
Table get_table(const std::vector<nlohmann::json>& objects, const GetOptions& options);

/// A kind as kubectl accepts it ("po", "pods", "deploy", …) → "Pod", "Deployment", …; empty if unknown.
std::string kind_of_resource(const std::string& resource);
/// "pods", "deployments.apps": how messages and `-o name` write a kind ("pod", "deployment.apps" with singular).
std::string resource_of_kind(const std::string& kind, bool singular);
/// True for kinds outside namespaces (nodes).
bool is_cluster_scoped_kind(const std::string& kind);
/// Every resource word that kind_of_resource knows, for hints.
std::vector<std::string> resource_words();

/// `kubectl describe` of a pod, deployment, replica set, node or service with the events that concern it, close to
/// kubectl's layout (not byte for byte: that comes with the controllers issue).
std::string describe(const nlohmann::json& object, const std::vector<nlohmann::json>& events, std::int64_t now_unix_seconds);

/// Unix seconds of an RFC 3339 time; 0 for null, absent or not a time.
std::int64_t unix_seconds_of(const nlohmann::json& time);

}  // namespace tandem::kubectl

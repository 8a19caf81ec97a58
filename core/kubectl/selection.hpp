#pragma once
// Which objects a command is about: the words TYPE[,TYPE…] [NAME…] or TYPE/NAME…, a namespace and a label selector.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"
#include "core/kubectl/resources.hpp"

namespace tandem::kubectl {

/// One object that was asked for by name.
struct ObjectName {
  std::string kind;
  std::string name;
};

struct Selection {
  std::vector<std::string> kinds;        ///< in order, each once
  std::vector<ObjectName> named;         ///< in order; empty: all objects of the kinds
  std::string namespace_ = "default";
  bool all_namespaces = false;
  std::string selector;                  ///< -l, text form
  /// What the category `all` stands for, in order; empty: as with a real API server (resources()).
  std::vector<std::string> kinds_in_all;
};

/// Objects of one kind that were found together: one table.
struct Group {
  const Resource* resource = nullptr;
  std::vector<nlohmann::json> objects;   ///< may be empty where a kind has none
};

struct Selected {
  std::vector<Group> groups;             ///< in the order asked for
  std::vector<std::string> errors;       ///< "Error from server (NotFound): …", one per name that is not there; or the server's word on the selector
};

/// Kinds and names from the words of a command line, with kubectl's rules: "po,svc", "all", "pod web-1 web-2", "pod/web-1 svc/web",
/// "po,svc web". Errors: UsageNotFound, UsageBadArgument; what is kubectl's sentence, without its "error: ".
Status parse_resources(const std::vector<std::string>& words, Selection& selection);

/// Objects sorted by namespace and name, or in the order of their names. Errors: UsageBadArgument where names go with a selector
/// or with all namespaces.
Result<Selected> select(const Selection& selection, const std::vector<nlohmann::json>& objects);

/// Whether an object is among those selected, for one after the other. Errors: as select(); ValueBadSelector.
Result<std::function<bool(const nlohmann::json& object)>> matcher_of(const Selection& selection);

/// "Error from server (NotFound): deployments.apps "web" not found".
std::string not_found_text(const Resource& resource, std::string_view name);

/// The object of that kind, namespace (unless it has none) and name; null if there is none.
const nlohmann::json* find_object(const std::vector<nlohmann::json>& objects, const Resource& resource, std::string_view name_space, std::string_view name);

/// metadata.labels match a selector object's matchLabels and matchExpressions; a missing selector matches nothing.
bool label_selector_matches(const nlohmann::json& label_selector, const nlohmann::json& object);
/// The owner that is the controller, or null.
const nlohmann::json& controller_of(const nlohmann::json& object);

}  // namespace tandem::kubectl

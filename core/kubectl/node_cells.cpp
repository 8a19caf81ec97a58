// The cells of nodes, their leases, and of events.

#include <fmt/format.h>

#include "core/base/text.hpp"
#include "core/kubectl/cells.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

std::string first_not_empty(std::string first, std::string second) { return first.empty() ? std::move(second) : std::move(first); }

std::string address_of(const json& node, std::string_view type) {
  for (const json& address : list_at(node, "/status/addresses")) {
    if (text_at(address, "/type") == type) return text_at(address, "/address");
  }
  return "<none>";
}

std::string node_status(const json& node) {
  std::string status = "Unknown";
  for (const json& condition : list_at(node, "/status/conditions")) {
    if (text_at(condition, "/type") == "Ready") status = text_at(condition, "/status") == "True" ? "Ready" : "NotReady";
  }
  if (flag_at(node, "/spec/unschedulable")) status += ",SchedulingDisabled";
  return status;
}

std::string source_text(const json& event) {
  const std::string component = first_not_empty(text_at(event, "/source/component"), text_at(event, "/reportingComponent"));
  const std::string instance = first_not_empty(text_at(event, "/source/host"), text_at(event, "/reportingInstance"));
  return instance.empty() ? component : component + ", " + instance;
}

}  // namespace

Cells node_columns(bool wide) {
  return columns_with({"NAME", "STATUS", "ROLES", "AGE", "VERSION"}, wide, {"INTERNAL-IP", "EXTERNAL-IP", "OS-IMAGE", "KERNEL-VERSION", "CONTAINER-RUNTIME"});
}

Cells node_cells(const json& node, const GetOptions& options) {
  Cells cells = {text_at(node, "/metadata/name"), node_status(node), or_none(joined(node_roles(node))), age_cell(node, options),
                 text_at(node, "/status/nodeInfo/kubeletVersion")};
  if (!options.wide) return cells;
  const auto or_unknown = [&](const char* pointer) { return first_not_empty(text_at(node, pointer), "<unknown>"); };
  cells.insert(cells.end(), {address_of(node, "InternalIP"), address_of(node, "ExternalIP"), or_unknown("/status/nodeInfo/osImage"),
                             or_unknown("/status/nodeInfo/kernelVersion"), or_unknown("/status/nodeInfo/containerRuntimeVersion")});
  return cells;
}

Cells lease_columns(bool /*wide*/) { return {"NAME", "HOLDER", "AGE"}; }

Cells lease_cells(const json& lease, const GetOptions& options) {
  return {text_at(lease, "/metadata/name"), text_at(lease, "/spec/holderIdentity"), age_cell(lease, options)};
}

Cells event_columns(bool wide) {
  if (wide) return {"LAST SEEN", "TYPE", "REASON", "OBJECT", "SUBOBJECT", "SOURCE", "MESSAGE", "FIRST SEEN", "COUNT", "NAME"};
  return {"LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"};
}

Cells event_cells(const json& event, const GetOptions& options) {
  const auto seen = [&](const json& time) { return time_since(time, options.now_unix_seconds); };
  const json& series = at(event, "/series");
  const json& first_time = at(event, "/firstTimestamp");
  const json& last_time = at(event, "/lastTimestamp");
  const std::string first = seen(first_time.is_null() ? at(event, "/eventTime") : first_time);
  const std::string last = !series.is_null() ? seen(at(series, "/lastObservedTime")) : last_time.is_null() ? first : seen(last_time);
  const std::string text = text_at(event, "/message");
  const std::string message(trim(text));
  const std::string name = text_at(event, "/involvedObject/name");
  const std::string object = lower_case(text_at(event, "/involvedObject/kind")) + (name.empty() ? "" : "/" + name);
  if (!options.wide) return {last, text_at(event, "/type"), text_at(event, "/reason"), object, message};
  std::int64_t count = number_at(event, "/count");
  if (!series.is_null()) count = number_at(series, "/count");
  else if (count == 0) count = 1;
  return {last, text_at(event, "/type"), text_at(event, "/reason"), object, text_at(event, "/involvedObject/fieldPath"), source_text(event), message,
          first, std::to_string(count), text_at(event, "/metadata/name")};
}

}  // namespace tandem::kubectl

// Nodes.

#include <fmt/format.h>

#include <map>
#include <set>

#include "core/cluster/api/address_rules.hpp"
#include "core/cluster/api/decode.hpp"
#include "core/cluster/api/legacy_annotation_rules.hpp"
#include "core/cluster/api/resources.hpp"
#include "core/cluster/api/rules.hpp"

namespace tandem::cluster::api {

namespace {

void check_resources(FieldErrors& errors, const View& status) {
  for (const char* list : {"capacity", "allocatable"}) {
    for (const auto& [name, value] : status[list].entries()) check_resource_value(errors, name, value, FieldPath("status") / list / name);
  }
}

void check_blocks(FieldErrors& errors, const View& blocks) {
  const FieldPath path("spec.podCIDRs");
  const std::vector<std::string> texts = blocks.texts();
  for (std::size_t i = 0; i < texts.size(); ++i) check_cidr(errors, texts[i], path.index(i));
  if (texts.size() <= 1) return;
  bool v4 = false;
  bool v6 = false;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto block = parse_cidr(texts[i]);
    if (!block) {
      errors.internal(path, fmt::format("invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[{}]: <nil> (invalid CIDR address: {})", i, texts[i]));
      v4 = false;
      break;
    }
    (block->address.is_v4 ? v4 : v6) = true;
  }
  if (!v4 || !v6 || texts.size() > 2) errors.invalid(path, blocks, "may specify no more than one CIDR for each IP family");
}

void check_change(FieldErrors& errors, const View& node, const View& old) {
  check_object_meta_update(errors, node["metadata"], old["metadata"], true);
  check_node_annotations(errors, node.at("metadata", "annotations"), "metadata.annotations");
  check_resources(errors, node["status"]);
  const std::vector<std::string> before = old.at("spec", "podCIDRs").texts();
  const std::vector<std::string> now = node.at("spec", "podCIDRs").texts();
  constexpr std::string_view kFixed = "node updates may not change podCIDR except from \"\" to valid";
  if (!before.empty() && before.size() != now.size()) errors.forbidden("spec.podCIDRs", kFixed);
  for (std::size_t i = 0; before.size() == now.size() && i < before.size(); ++i) {
    if (before[i] != now[i]) errors.forbidden("spec.podCIDRs", kFixed);
  }
  const std::string provider = old.at("spec", "providerID").text();
  if (!provider.empty() && provider != node.at("spec", "providerID").text()) {
    errors.forbidden("spec.providerID", "node updates may not change providerID except from \"\" to valid");
  }
  check_taints(errors, node.at("spec", "taints"), "metadata.taints");
  if (node.at("spec", "externalID").text() != old.at("spec", "externalID").text()) errors.forbidden("spec.externalID", "may not be updated");
}

}  // namespace

void check_taints(FieldErrors& errors, const View& taints, const FieldPath& path) {
  std::map<std::string, std::set<std::string>> keys_by_effect;
  std::size_t i = 0;
  for (const View& taint : taints.items()) {
    const FieldPath at = path.index(i++);
    const std::string key = taint["key"].text();
    const std::string value = taint["value"].text();
    check_label_name(errors, key, at / "key");
    if (const Messages messages = label_value_errors_of(value); !messages.empty()) errors.invalid(at / "value", value, fmt::format("{}", fmt::join(messages, ";")));
    check_taint_effect(errors, taint["effect"], false, at / "effect");
    if (!keys_by_effect[taint["effect"].text()].insert(key).second) {
      errors.duplicate(at, BadValue::raw(go_dump(taint, struct_type("core/v1.Taint"))), "taints must be unique by key and effect pair");
    }
  }
}

void check_node(FieldErrors& errors, const View& object, const View& old) {
  check_object_meta(errors, object["metadata"], false, name_is_subdomain);
  check_node_annotations(errors, object.at("metadata", "annotations"), "metadata.annotations");
  check_taints(errors, object.at("spec", "taints"), "metadata.taints");  // Kubernetes' own word for the place
  check_resources(errors, object["status"]);
  check_blocks(errors, object.at("spec", "podCIDRs"));
  if (old.present()) check_change(errors, object, old);
}

}  // namespace tandem::cluster::api

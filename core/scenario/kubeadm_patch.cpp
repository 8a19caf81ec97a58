#include "core/scenario/kubeadm_patch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/text.hpp"
#include "core/scenario/notations.hpp"
#include "core/scenario/scalars.hpp"

namespace tandem::scenario {
namespace {

constexpr std::array<std::string_view, 3> kEffects{"NoSchedule", "PreferNoSchedule", "NoExecute"};
constexpr std::array<std::string_view, 5> kPatchKinds{"InitConfiguration", "JoinConfiguration", "ClusterConfiguration",
                                                      "KubeletConfiguration", "KubeProxyConfiguration"};
constexpr std::array<std::string_view, 7> kRegistrationFields{"name", "criSocket", "taints", "kubeletExtraArgs", "ignorePreflightErrors",
                                                              "imagePullPolicy", "imagePullSerial"};

void type_error(const Node& node, std::string what, std::string allowed, Diagnostics& diagnostics) {
  diagnostics.error(make_error(ErrorCode::ValueType, std::move(what), node.place).with_found(describe(node)).with_allowed(std::move(allowed)));
}

bool is_null(const Node& node) { return node.kind == NodeKind::Scalar && resolve(node, Dialect::Foreign).type == ScalarType::Null; }

/// Place of a part of an argument: the argument's own text if it is written plainly, else its start.
Place part_place(const Argument& argument, std::size_t offset) {
  Place place = argument.place;
  if (argument.exact) place.column += static_cast<std::uint32_t>(offset);
  return place;
}

/// Calls `use(part, offset)` for the parts between commas, blanks around them dropped.
template <class Use>
void for_each_part(const std::string& text, Use use) {
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view whole = std::string_view(text).substr(begin, end - begin);
    const std::string_view part = trim(whole);
    if (!part.empty()) use(part, static_cast<std::size_t>(part.data() - text.data()));
    begin = end + 1;
  }
}

/// Labels of the kubernetes.io family that a kubelet may set on its own node (NodeRestriction, kubelet's own check).
bool kubelet_may_set(std::string_view key) {
  const std::size_t slash = key.find('/');
  if (slash == std::string_view::npos) return true;
  const std::string_view prefix = key.substr(0, slash);
  const auto in_family = [&](std::string_view domain) {
    return prefix == domain || (prefix.size() > domain.size() && prefix.ends_with(domain) && prefix[prefix.size() - domain.size() - 1] == '.');
  };
  if (!in_family("kubernetes.io") && !in_family("k8s.io")) return true;
  if (in_family("kubelet.kubernetes.io") || in_family("node.kubernetes.io")) return true;
  constexpr std::array<std::string_view, 10> kAllowed{
      "kubernetes.io/hostname",     "kubernetes.io/os",      "kubernetes.io/arch",      "beta.kubernetes.io/os",
      "beta.kubernetes.io/arch",    "beta.kubernetes.io/instance-type",                 "topology.kubernetes.io/zone",
      "topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region"};
  return std::find(kAllowed.begin(), kAllowed.end(), key) != kAllowed.end();
}

void bad_label(const Argument& argument, std::size_t offset, std::string what, std::string_view found, std::string hint, Diagnostics& diagnostics) {
  diagnostics.error(make_error(ErrorCode::ValueBadLabel, std::move(what), part_place(argument, offset))
                        .with_found(escape_for_terminal(found, 120))
                        .with_allowed("labels such as disk=ssd,example.org/tier=web")
                        .with_hint(std::move(hint)));
}

std::optional<cluster::Taint> checked_taint(cluster::Taint taint, const Place& place, Diagnostics& diagnostics) {
  const auto refuse = [&](std::string what, const std::string& found, std::string allowed) {
    diagnostics.error(make_error(ErrorCode::ValueBadTaint, std::move(what), place)
                          .with_found(escape_for_terminal(found, 120))
                          .with_allowed(std::move(allowed)));
    return std::nullopt;
  };
  if (!is_label_key(taint.key)) return refuse("not a key of a taint", taint.key, "a key such as dedicated or example.org/dedicated");
  if (!is_label_value(taint.value)) return refuse("not a value of a taint", taint.value, "letters, digits, '-', '_' and '.'");
  if (std::find(kEffects.begin(), kEffects.end(), taint.effect) == kEffects.end()) {
    return refuse("not an effect of a taint", taint.effect, "NoSchedule, PreferNoSchedule, NoExecute");
  }
  return taint;
}

/// Reads one patch into one node's registration.
class PatchReader {
 public:
  PatchReader(NodeRegistration& registration, Diagnostics& diagnostics) : registration_(registration), diagnostics_(diagnostics) {}

  void document(const Node& document, bool first) {
    if (document.kind != NodeKind::Mapping) return type_error(document, "a patch is a kubeadm document", "a mapping with kind: InitConfiguration or the like", diagnostics_);
    const Node* kind = document.find("kind");
    if (kind == nullptr || kind->kind != NodeKind::Scalar) {
      diagnostics_.error(make_error(ErrorCode::ValueMissing, "a patch needs the field kind, or kind cannot tell what it patches", document.place)
                             .with_allowed("InitConfiguration for the first control plane, JoinConfiguration for other nodes")
                             .with_hint("begin the patch with kind: JoinConfiguration"));
      return;
    }
    if (std::find(kPatchKinds.begin(), kPatchKinds.end(), kind->text) == kPatchKinds.end()) {
      const std::string nearest = nearest_name(kind->text, kPatchKinds);
      diagnostics_.warning(make_error(ErrorCode::ValueNotAllowed, "kind has nothing of this kind to patch, so the patch has no effect", kind->place)
                               .with_found(escape_for_terminal(kind->text, 80))
                               .with_allowed("InitConfiguration, JoinConfiguration, ClusterConfiguration, KubeletConfiguration, KubeProxyConfiguration")
                               .with_hint(nearest.empty() ? "" : fmt::format("did you mean {}?", nearest)));
      return;
    }
    if (kind->text == "KubeletConfiguration") {
      if (const Node* max_pods = document.find("maxPods")) registration_.max_pods = Argument{max_pods->text, max_pods->place, false};
      return others(document, {"kind", "apiVersion", "metadata", "maxPods"}, kind->text);
    }
    const bool ours = kind->text == (first ? "InitConfiguration" : "JoinConfiguration");
    const bool registers = kind->text == "InitConfiguration" || kind->text == "JoinConfiguration";
    if (registers && !ours) return;
    others(document, {"kind", "apiVersion", "metadata", "nodeRegistration"}, kind->text);
    const Node* node_registration = document.find("nodeRegistration");
    if (registers && node_registration != nullptr && !is_null(*node_registration)) node(*node_registration);
  }

 private:
  void others(const Node& mapping, std::initializer_list<std::string_view> known, const std::string& prefix) {
    for (const Member& member : mapping.members) {
      if (std::find(known.begin(), known.end(), member.key) == known.end()) {
        registration_.other_fields.emplace_back(prefix + "." + member.key, member.place);
      }
    }
  }

  void node(const Node& node) {
    if (node.kind != NodeKind::Mapping) return type_error(node, "nodeRegistration is a mapping", "a mapping", diagnostics_);
    for (const Member& member : node.members) {
      if (member.key == "taints") {
        taints(member.value);
      } else if (member.key == "kubeletExtraArgs") {
        arguments(member.value);
      } else if (std::find(kRegistrationFields.begin(), kRegistrationFields.end(), member.key) != kRegistrationFields.end()) {
        registration_.other_fields.emplace_back("nodeRegistration." + member.key, member.place);
      } else {
        const std::string nearest = nearest_name(member.key, kRegistrationFields);
        diagnostics_.error(make_error(ErrorCode::ValueUnknownField, "nodeRegistration has no such field", member.place)
                               .with_found(escape_for_terminal(member.key, 80))
                               .with_allowed("name, criSocket, taints, kubeletExtraArgs, ignorePreflightErrors, imagePullPolicy, imagePullSerial")
                               .with_hint(nearest.empty() ? "remove it" : fmt::format("did you mean {}?", nearest)));
      }
    }
  }

  void taints(const Node& list) {
    if (is_null(list)) {  // a merge patch with null removes the field: kubeadm's default applies again
      registration_.taints.reset();
      return;
    }
    if (list.kind != NodeKind::Sequence) return type_error(list, "taints are a list", "a list such as [{key: dedicated, effect: NoSchedule}]", diagnostics_);
    std::vector<cluster::Taint> read;
    for (const Node& item : list.items) {
      if (item.kind != NodeKind::Mapping) {
        type_error(item, "a taint is a mapping", "{key: …, value: …, effect: …}", diagnostics_);
        continue;
      }
      cluster::Taint taint;
      for (const Member& member : item.members) {
        if (member.key == "key") taint.key = member.value.text;
        if (member.key == "value") taint.value = member.value.text;
        if (member.key == "effect") taint.effect = member.value.text;
      }
      const Node* effect = item.find("effect");
      if (auto good = checked_taint(std::move(taint), effect == nullptr ? item.place : effect->place, diagnostics_)) read.push_back(std::move(*good));
    }
    registration_.taints = std::move(read);
  }

  /// Map form {node-labels: "…"} (up to v1beta3) merges key by key; list form [{name, value}] (v1beta4) replaces the list.
  void arguments(const Node& node) {
    if (is_null(node)) return;
    if (node.kind == NodeKind::Mapping) {
      for (const Member& member : node.members) argument(member.key, member.value, member.place);
      return;
    }
    if (node.kind != NodeKind::Sequence) {
      return type_error(node, "kubeletExtraArgs are a mapping or a list", "{node-labels: \"a=b\"} or [{name: node-labels, value: \"a=b\"}]", diagnostics_);
    }
    registration_.node_labels.reset();
    registration_.register_with_taints.reset();
    for (const Node& item : node.items) {
      const Node* name = item.find("name");
      const Node* value = item.find("value");
      if (name == nullptr || value == nullptr) {
        type_error(item, "an argument has a name and a value", "{name: node-labels, value: \"a=b\"}", diagnostics_);
      } else {
        argument(name->text, *value, name->place);
      }
    }
  }

  void argument(const std::string& name, const Node& value, const Place& place) {
    if (value.kind != NodeKind::Scalar) return type_error(value, "a kubelet argument is a text", "a quoted text", diagnostics_);
    const Argument argument{value.text, place_in(value, 0), value.verbatim};
    if (name == "node-labels") {
      registration_.node_labels = argument;
    } else if (name == "register-with-taints") {
      registration_.register_with_taints = argument;
    } else if (name == "max-pods") {
      registration_.max_pods = argument;
    } else {
      registration_.other_fields.emplace_back("nodeRegistration.kubeletExtraArgs." + name, place);
    }
  }

  NodeRegistration& registration_;
  Diagnostics& diagnostics_;
};

}  // namespace

std::vector<Node> parse_patch(const Node& patch, const InputLimits& limits, Diagnostics& diagnostics) {
  if (patch.kind != NodeKind::Scalar) {
    type_error(patch, "a patch is a text that holds YAML", "a block text: - | and indented lines", diagnostics);
    return {};
  }
  ParseOptions options = foreign_options(patch.place.file, limits);
  options.origin = patch.content.line != 0 ? patch.content : place_in(patch, 0);
  options.origin_is_exact = patch.content.line != 0 || patch.verbatim;
  return parse_documents(patch.text, options, diagnostics);
}

void apply_patch(const std::vector<Node>& documents, bool first, NodeRegistration& registration, Diagnostics& diagnostics) {
  for (const Node& document : documents) PatchReader(registration, diagnostics).document(document, first);
}

cluster::Labels parse_node_labels(const Argument& argument, Diagnostics& diagnostics) {
  cluster::Labels labels;
  for_each_part(argument.text, [&](std::string_view part, std::size_t offset) {
    const std::size_t equals = part.find('=');
    const std::string_view key = trim(part.substr(0, equals));
    const std::string_view value = equals == std::string_view::npos ? std::string_view{} : trim(part.substr(equals + 1));
    if (!is_label_key(key) || !is_label_value(value)) {
      return bad_label(argument, offset, "not a label", part, "write key=value, with commas between labels", diagnostics);
    }
    if (!kubelet_may_set(key)) {
      return bad_label(argument, offset, "a label that a kubelet may not give its own node, so it would not start", key,
                       "use a prefix of your own, or node.kubernetes.io/", diagnostics);
    }
    labels[std::string(key)] = std::string(value);
  });
  return labels;
}

std::vector<cluster::Taint> parse_taints(const Argument& argument, Diagnostics& diagnostics) {
  std::vector<cluster::Taint> taints;
  for_each_part(argument.text, [&](std::string_view part, std::size_t offset) {
    const std::size_t colon = part.rfind(':');
    const std::string_view left = part.substr(0, colon);
    const std::size_t equals = left.find('=');
    cluster::Taint taint;
    taint.key = left.substr(0, equals);
    if (equals != std::string_view::npos) taint.value = left.substr(equals + 1);
    if (colon != std::string_view::npos) taint.effect = part.substr(colon + 1);
    if (auto good = checked_taint(std::move(taint), part_place(argument, offset), diagnostics)) taints.push_back(std::move(*good));
  });
  return taints;
}

}  // namespace tandem::scenario

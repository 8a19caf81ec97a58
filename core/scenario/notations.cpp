#include "core/scenario/notations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/base/limits.hpp"
#include "core/base/parse.hpp"
#include "core/base/text.hpp"
#include "core/cluster/label_syntax.hpp"
#include "core/cluster/selector.hpp"
#include "core/scenario/scalars.hpp"

namespace tandem::scenario {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_lower(c) || is_upper(c) || is_digit(c); }

/// Lower-case letters and digits joined by separators: a component of an image's path.
bool is_image_component(std::string_view text) {
  if (text.empty() || !(is_lower(text.front()) || is_digit(text.front())) || !(is_lower(text.back()) || is_digit(text.back()))) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_lower(c) || is_digit(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_registry(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view host = text.substr(0, colon);
  if (host.empty() || !std::all_of(host.begin(), host.end(), [](char c) { return is_alphanumeric(c) || c == '.' || c == '-'; })) return false;
  if (colon == std::string_view::npos) return true;
  const std::string_view port = text.substr(colon + 1);
  return !port.empty() && port.size() <= 5 && std::all_of(port.begin(), port.end(), is_digit);
}

bool is_tag(std::string_view text) {
  if (text.empty() || text.size() > 128 || text.front() == '.' || text.front() == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

bool is_digest(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + 64) return false;
  const std::string_view hex = text.substr(kPrefix.size());
  return std::all_of(hex.begin(), hex.end(), [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

std::optional<cluster::SelectorOperator> operator_named(std::string_view name) {
  if (name == "In") return cluster::SelectorOperator::In;
  if (name == "NotIn") return cluster::SelectorOperator::NotIn;
  if (name == "Exists") return cluster::SelectorOperator::Exists;
  if (name == "DoesNotExist") return cluster::SelectorOperator::DoesNotExist;
  return std::nullopt;
}

tl::unexpected<Error> bad_selector(const Node& node, std::string what, std::string allowed) {
  return fail(make_error(ErrorCode::ValueBadSelector, std::move(what), node.place)
                  .with_found(describe(node))
                  .with_allowed(std::move(allowed)));
}

/// Text that is one: `true` and 7 are no text unless quoted, as in Kubernetes.
bool is_text(const Node& value) { return value.kind == NodeKind::Scalar && resolve(value, Dialect::Strict).type == ScalarType::Text; }

bool is_label_text(const Node& value) { return is_text(value) && is_label_value(value.text); }

Result<cluster::Labels> read_labels(const Node& node) {
  if (node.kind != NodeKind::Mapping) return bad_selector(node, "labels are a mapping", "a mapping such as {app: web}");
  cluster::Labels labels;
  for (const Member& member : node.members) {
    if (!is_label_key(member.key) || !is_label_text(member.value)) {
      return bad_selector(is_label_key(member.key) ? member.value : node, "not a label", "key: value, as Kubernetes allows them");
    }
    labels[member.key] = member.value.text;
  }
  return labels;
}

Result<cluster::SelectorRequirement> read_requirement(const Node& node) {
  cluster::SelectorRequirement requirement;
  const Node* key = node.find("key");
  const Node* op = node.find("operator");
  if (key == nullptr || op == nullptr) return bad_selector(node, "not a label expression", "{key: …, operator: …, values: […]}");
  const auto known = operator_named(op->text);
  if (!known) return bad_selector(*op, "an unknown operator", "In, NotIn, Exists, DoesNotExist");
  if (!is_label_key(key->text)) return bad_selector(*key, "not a label key", "a label key");
  requirement.key = key->text;
  requirement.op = *known;
  if (const Node* values = node.find("values")) {
    for (const Node& value : values->items) {
      if (!is_label_text(value)) return bad_selector(value, "not a label value", "a label value");
      requirement.values.push_back(value.text);
    }
  }
  const bool needs_values = *known == cluster::SelectorOperator::In || *known == cluster::SelectorOperator::NotIn;
  if (needs_values == requirement.values.empty()) {
    return bad_selector(node, "the values do not fit the operator", "values for In and NotIn, none for Exists and DoesNotExist");
  }
  return requirement;
}

}  // namespace

bool is_label_key(std::string_view text) { return cluster::label_key_errors(text).empty(); }
bool is_label_value(std::string_view text) { return cluster::label_value_errors(text).empty(); }

bool is_image_reference(std::string_view text) {
  if (text.size() > 255 + 72) return false;
  if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
    if (!is_digest(text.substr(at + 1))) return false;
    text = text.substr(0, at);
  }
  const std::size_t last_slash = text.rfind('/');
  const std::size_t name_begin = last_slash == std::string_view::npos ? 0 : last_slash + 1;
  if (const std::size_t colon = text.find(':', name_begin); colon != std::string_view::npos) {
    if (!is_tag(text.substr(colon + 1))) return false;
    text = text.substr(0, colon);
  }
  const std::vector<std::string> parts = split(text, '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool first_of_several = i == 0 && parts.size() > 1;
    if (!is_image_component(parts[i]) && !(first_of_several && is_registry(parts[i]))) return false;
  }
  return !parts.empty();
}

bool is_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const auto prefix = parse_int(text.substr(slash + 1));
  if (!prefix || *prefix < 8 || *prefix > 24) return false;
  const std::vector<std::string> parts = split(text.substr(0, slash), '.');
  if (parts.size() != 4) return false;
  std::uint32_t address = 0;
  for (const std::string& part : parts) {
    const auto value = parse_int(part);
    if (!value || *value < 0 || *value > 255) return false;
    address = (address << 8) | static_cast<std::uint32_t>(*value);
  }
  return (address & (0xFFFFFFFFu >> *prefix)) == 0;
}

Status check_room_for_nodes(std::string_view pod_subnet, std::size_t nodes) {
  const std::int64_t prefix = parse_int(pod_subnet.substr(pod_subnet.find('/') + 1)).value_or(24);
  const std::size_t room = std::size_t{1} << (24 - prefix);
  if (nodes <= room) return {};
  return fail(make_error(ErrorCode::ScenarioTooLarge, "more nodes than the pod address range has room for")
                  .with_found(fmt::format("{} nodes", nodes))
                  .with_allowed(fmt::format("{} nodes of 256 addresses in {}", room, pod_subnet))
                  .with_hint("give podSubnet a shorter prefix, such as 10.0.0.0/9 beside serviceSubnet 172.16.0.0/16"));
}

bool is_url_path(std::string_view text) {
  if (!text.starts_with('/') || text.size() > 2048) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '\\' && c != '#'; });
}

bool is_route_pattern(std::string_view text) {
  if (!is_url_path(text) || text.find('?') != std::string_view::npos) return false;
  const std::size_t star = text.find('*');
  return star == std::string_view::npos || star + 1 == text.size();
}

Result<std::int64_t> parse_growth(std::string_view text) {
  const std::string allowed = "bytes per second, such as 1Mi/s or 500k/s";
  if (!text.ends_with("/s")) {
    return fail(make_error(ErrorCode::ValueUnitMissing, "not a growth").with_found(escape_for_terminal(text, 80)).with_allowed(allowed).with_hint("write /s after the bytes"));
  }
  Result<std::int64_t> bytes = parse_bytes(text.substr(0, text.size() - 2));
  if (!bytes) bytes.error().allowed = allowed;
  return bytes;
}

Result<ServiceName> parse_service_reference(std::string_view text) {
  const std::vector<std::string> parts = split(text, '/');
  const bool two = parts.size() == 2 && is_dns_label(parts[1]);
  const bool three = parts.size() == 3 && is_dns_label(parts[1]) && is_dns_label(parts[2]);
  if (parts[0] != "service" || !(two || three)) {
    return fail(make_error(ErrorCode::ValueBadService, "not a Service")
                    .with_found(escape_for_terminal(text, 80))
                    .with_allowed("service/NAME or service/NAMESPACE/NAME"));
  }
  return two ? ServiceName{"default", parts[1]} : ServiceName{parts[1], parts[2]};
}

Result<cluster::LabelSelector> read_selector(const Node& node) {
  cluster::LabelSelector selector;
  if (node.kind == NodeKind::Scalar) {
    if (!is_text(node)) return bad_selector(node, "not a label selector", "a text such as \"app=web\", or a mapping such as {app: web}");
    auto requirements = cluster::parse_selector(node.text);
    if (!requirements) {
      return bad_selector(node, "not a label selector: " + requirements.error().what, "as for kubectl -l: app=web,tier!=db");
    }
    selector.match_expressions = std::move(*requirements);
    return selector;
  }
  if (node.kind != NodeKind::Mapping) return bad_selector(node, "not a label selector", "a mapping such as {app: web}");
  const Node* labels = node.find("matchLabels");
  const Node* expressions = node.find("matchExpressions");
  const bool full_form = (labels != nullptr && labels->kind == NodeKind::Mapping) ||
                         (expressions != nullptr && expressions->kind == NodeKind::Sequence);
  if (!full_form) {
    auto plain = read_labels(node);
    if (!plain) return tl::unexpected(plain.error());
    selector.match_labels = std::move(*plain);
    return selector;
  }
  for (const Member& member : node.members) {
    if (&member.value != labels && &member.value != expressions) {
      return bad_selector(member.value, "a field that a selector does not have", "matchLabels, matchExpressions");
    }
  }
  if (labels != nullptr) {
    auto read = read_labels(*labels);
    if (!read) return tl::unexpected(read.error());
    selector.match_labels = std::move(*read);
  }
  if (expressions != nullptr) {
    for (const Node& item : expressions->items) {
      auto requirement = read_requirement(item);
      if (!requirement) return tl::unexpected(requirement.error());
      selector.match_expressions.push_back(std::move(*requirement));
    }
  }
  return selector;
}

Status check_path(std::string_view path) {
  const InputLimits limits;
  const auto refuse = [&](std::string what) -> Status {
    return fail(make_error(ErrorCode::ValueBadPath, std::move(what))
                    .with_found(escape_for_terminal(path, 120))
                    .with_allowed("a file below the scenario's folder, such as manifests/web.yaml"));
  };
  if (path.empty()) return refuse("an empty path");
  if (path.front() == '/') return refuse("an absolute path");
  if (path.size() > limits.file_name_bytes) return refuse("a path that is too long");
  const std::vector<std::string> parts = split(path, '/');
  if (parts.size() > limits.file_name_levels) return refuse("a path with too many folders");
  for (const std::string& part : parts) {
    if (part == "..") return refuse("a path that leaves the scenario's folder");
    if (part.empty() || part == ".") return refuse("a path with empty parts");
    if (part.find('\\') != std::string::npos || part.find('\0') != std::string::npos) return refuse("a path with a backslash");
  }
  return {};
}

}  // namespace tandem::scenario

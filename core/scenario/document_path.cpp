#include "core/scenario/document_path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/base/text.hpp"

namespace tandem::scenario {
namespace {

bool is_plain_key(std::string_view key) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '$';
  };
  return !key.empty() && std::all_of(key.begin(), key.end(), plain);
}

/// One step of a path: a key of a mapping or an index of a list.
struct Step {
  std::string key;
  std::optional<std::size_t> index;
  std::string_view rest;  ///< what follows, without a leading dot
};

std::string_view drop_dot(std::string_view text) { return text.starts_with('.') ? text.substr(1) : text; }

/// "[3]…", "["key"]…", "[key]…"; nullopt if the bracket is not closed.
std::optional<Step> bracket_step(std::string_view path) {
  if (path.size() > 1 && (path[1] == '"' || path[1] == '\'')) {
    const std::size_t end = path.find(path[1], 2);
    if (end == std::string_view::npos || end + 1 >= path.size() || path[end + 1] != ']') return std::nullopt;
    return Step{std::string(path.substr(2, end - 2)), std::nullopt, drop_dot(path.substr(end + 2))};
  }
  const std::size_t end = path.find(']');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view inside = path.substr(1, end - 1);
  Step step{std::string(inside), std::nullopt, drop_dot(path.substr(end + 1))};
  std::size_t index = 0;
  const auto [stop, status] = std::from_chars(inside.data(), inside.data() + inside.size(), index);
  if (!inside.empty() && status == std::errc{} && stop == inside.data() + inside.size()) step.index = index;
  return step;
}

/// The next step at `node`. A key of the mapping that the path starts with goes before a split at the next dot, so that
/// keys such as "app.kubernetes.io/name" and "web:1.0.0" need no quotes.
std::optional<Step> next_step(const Node& node, std::string_view path) {
  if (path.starts_with('[')) return bracket_step(path);
  const std::string* longest = nullptr;
  for (const Member& member : node.members) {
    if (!path.starts_with(member.key)) continue;
    const bool ends_here = path.size() == member.key.size() || path[member.key.size()] == '.' || path[member.key.size()] == '[';
    if (ends_here && (longest == nullptr || member.key.size() > longest->size())) longest = &member.key;
  }
  const std::size_t size = longest != nullptr ? longest->size() : std::min(path.find_first_of(".["), path.size());
  if (size == 0) return std::nullopt;
  return Step{std::string(path.substr(0, size)), std::nullopt, drop_dot(path.substr(size))};
}

Node nothing_at(const Place& place) {
  Node node;
  node.place = place;
  return node;
}

tl::unexpected<Error> bad_path(std::string what, std::string_view found) {
  return fail(make_error(ErrorCode::UsageBadArgument, std::move(what))
                  .with_found(escape_for_terminal(found))
                  .with_hint("write paths as in spec.traffic[0].arrivals.poisson"));
}

}  // namespace

std::string path_of_key(std::string_view parent, std::string_view key) {
  if (!is_plain_key(key)) return fmt::format("{}[\"{}\"]", parent, escape_for_terminal(key, 80));
  return parent.empty() ? std::string(key) : fmt::format("{}.{}", parent, key);
}

std::string path_of_index(std::string_view parent, std::size_t index) { return fmt::format("{}[{}]", parent, index); }

namespace {

/// Follows `path` as far as the tree goes. `rest` is what could not be followed.
const Node* follow(const Node& root, std::string_view path, std::string_view& rest) {
  const Node* node = &root;
  while (!path.empty()) {
    const auto step = next_step(*node, path);
    if (!step) break;
    const Node* child = nullptr;
    if (step->index && node->kind == NodeKind::Sequence) {
      if (*step->index < node->items.size()) child = &node->items[*step->index];
    } else {
      child = node->find(step->key);
    }
    if (child == nullptr) break;
    node = child;
    path = step->rest;
  }
  rest = path;
  return node;
}

}  // namespace

const Node* node_at(const Node& root, std::string_view path) {
  std::string_view rest;
  const Node* node = follow(root, path, rest);
  return rest.empty() ? node : nullptr;
}

Place place_at(const Node& root, std::string_view path) {
  std::string_view rest;
  return follow(root, path, rest)->place;
}

Status set_at(Node& root, std::string_view path, Node value) {
  Node* node = &root;
  if (path.empty()) return bad_path("an empty path", path);
  while (!path.empty()) {
    const auto step = next_step(*node, path);
    if (!step) return bad_path("a malformed path", path);
    const bool empty_scalar = node->kind == NodeKind::Scalar && node->text.empty();
    if (step->index) {
      if (node->kind != NodeKind::Sequence) return bad_path("an index where there is no list", path);
      if (*step->index > node->items.size()) return bad_path("an index beyond the end of the list", path);
      if (*step->index == node->items.size()) node->items.push_back(nothing_at(value.place));
      node = &node->items[*step->index];
    } else {
      if (empty_scalar) node->kind = NodeKind::Mapping;
      if (node->kind != NodeKind::Mapping) return bad_path("a key where there is no mapping", path);
      const auto member = std::find_if(node->members.begin(), node->members.end(),
                                       [&](const Member& m) { return m.key == step->key; });
      if (member == node->members.end()) {
        node->members.push_back(Member{step->key, value.place, false, nothing_at(value.place)});
        node = &node->members.back().value;
      } else {
        node = &member->value;
      }
    }
    path = step->rest;
  }
  *node = std::move(value);
  return {};
}

}  // namespace tandem::scenario

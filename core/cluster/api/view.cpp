#include "core/cluster/api/view.hpp"

namespace tandem::cluster::api {

namespace {

const Json& null_json() {
  static const Json null;
  return null;
}

bool is_nothing(const Json& value) { return value.is_null() || (value.is_structured() && value.empty()); }

/// False, 0 and "" are what an absent field of a Go struct holds; a pointer to them is another thing, but no update rule of
/// Kubernetes hangs on that difference where the field was written by the API server.
bool objects_equal(const Json& a, const Json& b) {
  for (const auto& [key, value] : a.items()) {
    const auto other = b.find(key);
    if (other == b.end() ? !is_nothing(value) : !semantically_equal(value, *other)) return false;
  }
  for (const auto& [key, value] : b.items()) {
    if (!a.contains(key) && !is_nothing(value)) return false;
  }
  return true;
}

}  // namespace

View View::operator[](std::string_view name) const {
  if (json_ == nullptr || !json_->is_object()) return {};
  const auto found = json_->find(name);
  return found == json_->end() ? View() : View(*found);
}

View View::operator[](std::size_t index) const {
  return json_ != nullptr && json_->is_array() && index < json_->size() ? View((*json_)[index]) : View();
}

std::string View::text() const { return is_text() ? json_->get<std::string>() : std::string(); }

std::int64_t View::number() const { return json_ != nullptr && json_->is_number_integer() ? json_->get<std::int64_t>() : 0; }

std::vector<std::pair<std::string, View>> View::entries() const {
  std::vector<std::pair<std::string, View>> found;
  if (json_ != nullptr && json_->is_object()) {
    for (const auto& [key, value] : json_->items()) found.emplace_back(key, View(value));
  }
  return found;
}

std::vector<View> View::items() const {
  std::vector<View> found;
  if (json_ != nullptr && json_->is_array()) {
    for (const Json& value : *json_) found.emplace_back(value);
  }
  return found;
}

std::vector<std::string> View::texts() const {
  std::vector<std::string> found;
  for (const View& item : items()) found.push_back(item.text());
  return found;
}

const Json& View::json() const { return json_ != nullptr ? *json_ : null_json(); }

bool operator==(const View& a, const View& b) { return semantically_equal(a.json(), b.json()); }

bool semantically_equal(const Json& a, const Json& b) {
  if (is_nothing(a) && is_nothing(b)) return true;
  if (a.type() != b.type()) return a.is_number() && b.is_number() && a == b;
  if (a.is_object()) return objects_equal(a, b);
  if (a.is_array()) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!semantically_equal(a[i], b[i])) return false;
    }
    return true;
  }
  return a == b;
}

}  // namespace tandem::cluster::api

#pragma once
// Reading Kubernetes JSON the way Go code reads its structs: an absent field is nil, "", 0 or false.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tandem::cluster::api {

using Json = nlohmann::json;

/// A field that may be absent. Cheap to copy; valid as long as the document it looks at.
class View {
 public:
  View() = default;
  View(const Json& json) : json_(json.is_null() ? nullptr : &json) {}  // NOLINT: a document is a view of itself

  /// Go's `field != nil` for pointers, lists and maps.
  [[nodiscard]] bool present() const { return json_ != nullptr; }
  /// The field of an object; absent where there is none.
  View operator[](std::string_view name) const;
  View operator[](std::size_t index) const;
  /// A path of fields: at("template", "spec").
  template <class... Names>
  [[nodiscard]] View at(std::string_view name, Names... more) const {
    const View inner = (*this)[name];
    if constexpr (sizeof...(more) == 0) {
      return inner;
    } else {
      return inner.at(more...);
    }
  }
  [[nodiscard]] std::size_t size() const { return json_ != nullptr && json_->is_structured() ? json_->size() : 0; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] std::string text() const;     ///< "" for anything but text
  [[nodiscard]] std::int64_t number() const;  ///< 0 for anything but a whole number
  [[nodiscard]] bool flag() const { return json_ != nullptr && json_->is_boolean() && json_->get<bool>(); }
  [[nodiscard]] bool is_text() const { return json_ != nullptr && json_->is_string(); }
  [[nodiscard]] bool has(std::string_view name) const { return (*this)[name].present(); }
  /// The entries of a map in the order of their keys, of a list in its own.
  [[nodiscard]] std::vector<std::pair<std::string, View>> entries() const;
  [[nodiscard]] std::vector<View> items() const;
  [[nodiscard]] std::vector<std::string> texts() const;
  /// The document itself; null where absent.
  [[nodiscard]] const Json& json() const;
  /// Kubernetes' semantic equality: nil and empty are the same.
  friend bool operator==(const View& a, const View& b);

 private:
  const Json* json_ = nullptr;
};

/// Semantic.DeepEqual: absent, null, {} and [] are equal, and quantities compare by value where both sides are quantities.
bool semantically_equal(const Json& a, const Json& b);

}  // namespace tandem::cluster::api

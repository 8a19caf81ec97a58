#pragma once

#include <memory>
#include <utility>

namespace tandem {

/// An immutable value held by reference: copies cost a pointer, equality is by value (identity first).
/// Pods of one ReplicaSet share their labels and spec this way. A default-constructed Shared holds T{}.
template <class T>
class Shared {
 public:
  Shared() : value_(empty()) {}
  Shared(T value) : value_(std::make_shared<const T>(std::move(value))) {}  // NOLINT: implicit by design

  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }

  /// Replaces the value by an edited copy; other holders keep the old one.
  template <class Edit>
  void edit(Edit&& change) {
    T copy = *value_;
    std::forward<Edit>(change)(copy);
    value_ = std::make_shared<const T>(std::move(copy));
  }

  /// True if both hold the very same object: a cheap sufficient test of equality.
  [[nodiscard]] bool same_as(const Shared& other) const { return value_ == other.value_; }

  friend bool operator==(const Shared& a, const Shared& b) { return a.value_ == b.value_ || *a.value_ == *b.value_; }

 private:
  static const std::shared_ptr<const T>& empty() {
    static const std::shared_ptr<const T> value = std::make_shared<const T>();
    return value;
  }
  std::shared_ptr<const T> value_;
};

}  // namespace tandem

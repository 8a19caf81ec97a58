#pragma once
// Kubernetes quantities (apimachinery resource.Quantity): exact decimal values with their canonical text.

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/int128.hpp"
#include "core/base/result.hpp"

namespace tandem {

/// The family of suffixes that a quantity was written with and prints with.
enum class QuantityFormat : std::uint8_t {
  DecimalSi,        ///< n u m (none) k M G T P E: powers of 1000
  BinarySi,         ///< Ki Mi Gi Ti Pi Ei: powers of 1024
  DecimalExponent,  ///< 12e6
};

/// "BinarySI": Kubernetes' own word.
std::string_view to_string(QuantityFormat format);

/// A parsed quantity, exact to 10^-9. Immutable.
class Quantity {
 public:
  Quantity() = default;
  /// Grammar and rounding of kubernetes-semantics §9. Errors: ValueBadQuantity (also for exponents beyond ±1000).
  static Result<Quantity> parse(std::string_view text);
  static Quantity of_value(std::int64_t value);
  static Quantity of_milli(std::int64_t milli);
  /// Prints with binary suffixes ("100Mi"), as Kubernetes writes measured amounts of memory and disk.
  static Quantity of_bytes(std::int64_t bytes);

  /// Rounded up (away from zero). Beyond int64 exactly as Kubernetes answers: binary suffixes are capped at 2^63-1 when
  /// parsed; longer decimal values give 0 or wrap, and so do negative values of more than 18 digits counted in 10^-9.
  [[nodiscard]] std::int64_t value() const;
  /// 1000 times the quantity, rounded up (away from zero); beyond int64 as for value().
  [[nodiscard]] std::int64_t milli_value() const;
  /// Canonical form as kubectl prints it.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] QuantityFormat format() const { return format_; }
  [[nodiscard]] int sign() const;             ///< -1, 0 or 1
  [[nodiscard]] double approximate() const;   ///< for display; relative error below 1e-15
  [[nodiscard]] Quantity rounded_up() const;  ///< to a whole number, away from zero

  /// Exact. The result prints with the left operand's suffixes, or the right one's if the left operand is zero.
  friend Quantity operator+(const Quantity& a, const Quantity& b);
  friend Quantity operator-(const Quantity& a, const Quantity& b);
  friend std::strong_ordering operator<=>(const Quantity& a, const Quantity& b);
  friend bool operator==(const Quantity& a, const Quantity& b) { return (a <=> b) == std::strong_ordering::equal; }

 private:
  struct Wide;
  struct Parser;
  static Quantity make(Wide nano, QuantityFormat format, bool scaled);
  [[nodiscard]] Wide wide_nano() const;
  [[nodiscard]] std::int64_t scaled_value(std::int64_t nano_per_unit) const;

  Int128 nano_ = 0;                   ///< value in 10^-9, unless wide_ is set
  std::shared_ptr<const Wide> wide_;  ///< the same, for values beyond 128 bits ("1e100")
  std::string text_ = "0";
  QuantityFormat format_ = QuantityFormat::DecimalSi;
  bool scaled_ = true;  ///< Kubernetes holds it as int64 * 10^n, not as a long decimal; decides only what overflow looks like
};

}  // namespace tandem

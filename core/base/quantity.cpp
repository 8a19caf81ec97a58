#include "core/base/quantity.hpp"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <charconv>
#include <limits>
#include <optional>

namespace tandem {
namespace {

using BigInt = boost::multiprecision::cpp_int;

constexpr std::int64_t kNano = 1'000'000'000;
constexpr std::int64_t kInt64Max = std::numeric_limits<std::int64_t>::max();
/// Where Kubernetes would grow numbers without bound ("1e2000000000") we refuse.
constexpr std::int64_t kExponentLimit = 1000;
/// Kubernetes takes its int64 form for at most this many decimal digits.
constexpr int kScaledDigits = 18;

BigInt power_of_ten(int exponent) { return boost::multiprecision::pow(BigInt(10), static_cast<unsigned>(exponent)); }

std::string decimal_text(const BigInt& value) { return value.str(); }

std::string decimal_text(Int128 value) {
  const bool negative = value < 0;
  UInt128 rest = negative ? ~static_cast<UInt128>(value) + 1 : static_cast<UInt128>(value);
  std::string text;
  do {
    text += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest != 0);
  if (negative) text += '-';
  std::reverse(text.begin(), text.end());
  return text;
}

/// The largest suffix of the family with a whole mantissa.
template <class Integer>
std::string binary_text(Integer amount) {
  constexpr std::string_view kSuffixes[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  std::size_t power = 0;
  while (amount % 1024 == 0) {
    amount /= 1024;
    ++power;
  }
  // Past Ei there is no suffix, and Kubernetes 1.34 prints none.
  return decimal_text(amount).append(power < std::size(kSuffixes) ? kSuffixes[power] : "");
}

template <class Integer>
std::string decimal_suffix_text(Integer amount, QuantityFormat format) {
  constexpr std::string_view kSuffixes[] = {"n", "u", "m", "", "k", "M", "G", "T", "P", "E"};
  int exponent = -9;
  while (amount % 10 == 0) {
    amount /= 10;
    ++exponent;
  }
  for (; exponent % 3 != 0; --exponent) amount *= 10;
  std::string text = decimal_text(amount);
  if (format == QuantityFormat::DecimalExponent) return exponent == 0 ? text : text + "e" + std::to_string(exponent);
  // 10^21 prints as "1" in Kubernetes 1.34: a quirk of the original that its recorded answers show.
  const auto index = static_cast<std::size_t>(exponent / 3 + 3);
  return text.append(index < std::size(kSuffixes) ? kSuffixes[index] : "");
}

/// Canonical text of `nano` * 10^-9.
template <class Integer>
std::string canonical_text(const Integer& nano, QuantityFormat format) {
  if (nano == 0) return "0";
  const Integer small = Integer(1024) * kNano;
  const bool binary = format == QuantityFormat::BinarySi && (nano >= small || nano <= -small) && nano % kNano == 0;
  if (binary) return binary_text(Integer(nano / kNano));
  return decimal_suffix_text(nano, format == QuantityFormat::DecimalExponent ? format : QuantityFormat::DecimalSi);
}

/// The low 64 bits of the magnitude with the sign put back: what Go's big.Int.Int64 gives.
std::int64_t go_int64(const BigInt& value) {
  const BigInt magnitude = boost::multiprecision::abs(value);
  const auto low = static_cast<std::uint64_t>(BigInt(magnitude & std::numeric_limits<std::uint64_t>::max()));
  return static_cast<std::int64_t>(value < 0 ? ~low + 1 : low);
}

/// `value / divisor`, away from zero.
BigInt divide_away(const BigInt& value, const BigInt& divisor) {
  BigInt quotient = value / divisor;
  if (value % divisor != 0) quotient += value < 0 ? -1 : 1;
  return quotient;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Suffix {
  int base = 10;
  int exponent = 0;
  QuantityFormat format = QuantityFormat::DecimalSi;
};

std::optional<Suffix> suffix_of(std::string_view text) {
  constexpr std::string_view kDecimal[] = {"n", "u", "m", "", "k", "M", "G", "T", "P", "E"};
  constexpr std::string_view kBinary[] = {"Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  for (std::size_t i = 0; i < std::size(kDecimal); ++i) {
    if (text == kDecimal[i]) return Suffix{10, static_cast<int>(3 * i) - 9, QuantityFormat::DecimalSi};
  }
  for (std::size_t i = 0; i < std::size(kBinary); ++i) {
    if (text == kBinary[i]) return Suffix{2, static_cast<int>(10 * (i + 1)), QuantityFormat::BinarySi};
  }
  if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E')) return std::nullopt;
  std::string_view digits = text.substr(1);
  if (digits[0] == '+') digits.remove_prefix(1);
  int exponent = 0;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  if (digits.empty() || end.ec != std::errc{} || end.ptr != digits.data() + digits.size()) return std::nullopt;
  return Suffix{10, exponent, QuantityFormat::DecimalExponent};
}

/// The pieces of a quantity's text; digits have their leading zeros removed from the whole part.
struct Pieces {
  bool negative = false;
  std::string_view whole, fraction, suffix;
  bool any_digit = false;
};

/// Splits by Kubernetes' scanner; nullopt = does not match its grammar.
std::optional<Pieces> split_pieces(std::string_view text) {
  Pieces pieces;
  std::size_t at = 0;
  const auto take_digits = [&] {
    const std::size_t start = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return text.substr(start, at - start);
  };
  if (text[0] == '-' || text[0] == '+') {
    pieces.negative = text[0] == '-';
    at = 1;
  }
  pieces.whole = take_digits();
  pieces.any_digit = !pieces.whole.empty();
  pieces.whole.remove_prefix(std::min(pieces.whole.find_first_not_of('0'), pieces.whole.size()));
  if (at < text.size() && text[at] == '.') {
    ++at;
    pieces.fraction = take_digits();
    pieces.any_digit |= !pieces.fraction.empty();
  }
  const std::size_t suffix_start = at;
  while (at < text.size() && std::string_view("eEinumkKMGTP").find(text[at]) != std::string_view::npos) ++at;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  while (at < text.size() && is_digit(text[at])) ++at;
  if (at != text.size()) return std::nullopt;
  pieces.suffix = text.substr(suffix_start);
  return pieces;
}

Error bad_quantity(std::string what, std::string_view text) {
  return make_error(ErrorCode::ValueBadQuantity, std::move(what))
      .with_found(std::string(text.substr(0, 100)))
      .with_allowed("a number with an optional suffix: n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or e3")
      .with_hint("write for example 250m, 1.5, 128Mi or 2G");
}

}  // namespace

std::string_view to_string(QuantityFormat format) {
  switch (format) {
    case QuantityFormat::DecimalSi:
      return "DecimalSI";
    case QuantityFormat::BinarySi:
      return "BinarySI";
    case QuantityFormat::DecimalExponent:
      return "DecimalExponent";
  }
  return "";
}

struct Quantity::Wide {
  BigInt nano;
};

Quantity Quantity::make(Wide nano, QuantityFormat format, bool scaled) {
  Quantity quantity;
  quantity.format_ = format;
  quantity.scaled_ = scaled;
  if (nano.nano <= kInt128Max && nano.nano >= kInt128Min) {
    quantity.nano_ = static_cast<Int128>(nano.nano);
    quantity.text_ = canonical_text(quantity.nano_, format);
  } else {
    quantity.text_ = canonical_text(nano.nano, format);
    quantity.wide_ = std::make_shared<const Wide>(std::move(nano));
  }
  return quantity;
}

Quantity::Wide Quantity::wide_nano() const { return wide_ ? *wide_ : Wide{BigInt(nano_)}; }

/// One parse. Kubernetes has two forms of a quantity (int64 times a power of ten, and a long decimal); which one a text
/// takes decides whether the text is kept as written and what overflow looks like, so both are told apart here.
struct Quantity::Parser {
  std::string_view text;
  Pieces pieces;
  Suffix suffix;

  /// Whole and fraction digits as one number; "" stands for the lone zero that Kubernetes puts before the point.
  [[nodiscard]] std::string digits() const {
    return std::string(pieces.whole.empty() ? "0" : pieces.whole).append(pieces.fraction);
  }
  [[nodiscard]] int whole_digits() const { return static_cast<int>(std::max<std::size_t>(pieces.whole.size(), 1)); }
  [[nodiscard]] int fraction_digits() const { return static_cast<int>(pieces.fraction.size()); }

  /// Whether Kubernetes takes the int64 form.
  [[nodiscard]] bool is_scaled() const {
    if (suffix.base == 2) { return pieces.fraction.empty() && 15 - whole_digits() - suffix.exponent * 3 / 10 - 1 >= 0; }
    return whole_digits() + fraction_digits() <= kScaledDigits && suffix.exponent - fraction_digits() >= -9;
  }

  /// Whether the text is kept as it stands: it needs no rescaling, by Kubernetes' quick test.
  [[nodiscard]] bool keeps_text() const {
    const std::string number = digits();
    if (suffix.base == 2) {
      int low_digits = 0;  // 1000 is a multiple of 8, so three digits decide
      for (const char c : std::string_view(number).substr(number.size() - std::min<std::size_t>(number.size(), 3))) {
        low_digits = 10 * low_digits + (c - '0');
      }
      return low_digits % 8 != 0;
    }
    return (suffix.exponent - fraction_digits()) % 3 == 0 && !number.ends_with("000") && number[0] != '0';
  }

  /// |value| in 10^-9, rounded up, binary values capped at 2^63-1.
  [[nodiscard]] BigInt magnitude() const {
    const std::string number = digits();
    const std::size_t first = std::min(number.find_first_not_of('0'), number.size() - 1);
    BigInt amount(number.substr(first));  // a leading 0 would make it octal
    if (suffix.base == 2) amount <<= static_cast<unsigned>(suffix.exponent);
    const int scale = (suffix.base == 10 ? suffix.exponent : 0) - fraction_digits() + 9;
    amount = scale >= 0 ? BigInt(amount * power_of_ten(scale)) : divide_away(amount, power_of_ten(-scale));
    if (suffix.base == 2) amount = std::min(amount, BigInt(BigInt(kInt64Max) * kNano));
    return amount;
  }

  [[nodiscard]] Quantity run() const {
    const bool scaled = is_scaled();
    BigInt amount = magnitude();
    QuantityFormat format = suffix.format;
    if (!scaled && format == QuantityFormat::BinarySi && amount > 0 && amount < kNano) format = QuantityFormat::DecimalSi;
    if (pieces.negative) amount = -amount;
    Quantity quantity = make(Wide{std::move(amount)}, format, scaled);
    if (scaled && keeps_text()) quantity.text_ = text;
    return quantity;
  }
};

Result<Quantity> Quantity::parse(std::string_view text) {
  if (text.empty()) return fail(bad_quantity("an empty quantity", text));
  const std::optional<Pieces> pieces = split_pieces(text);
  if (!pieces) return fail(bad_quantity("not a Kubernetes quantity", text));
  const std::optional<Suffix> suffix = suffix_of(pieces->suffix);
  if (!suffix) return fail(bad_quantity("a quantity with an unknown suffix", text));
  if (suffix->exponent > kExponentLimit || suffix->exponent < -kExponentLimit) {
    return fail(bad_quantity("a quantity with an exponent beyond 1000", text));
  }
  const Parser parser{text, *pieces, *suffix};
  if (!pieces->any_digit && !parser.is_scaled()) return fail(bad_quantity("a quantity without digits", text));
  return parser.run();
}

Quantity Quantity::of_value(std::int64_t value) { return make(Wide{BigInt(value) * kNano}, QuantityFormat::DecimalSi, true); }

Quantity Quantity::of_bytes(std::int64_t bytes) { return make(Wide{BigInt(bytes) * kNano}, QuantityFormat::BinarySi, true); }

Quantity Quantity::of_milli(std::int64_t milli) {
  return make(Wide{BigInt(milli) * (kNano / 1000)}, QuantityFormat::DecimalSi, true);
}

std::int64_t Quantity::scaled_value(std::int64_t nano_per_unit) const {
  if (!wide_ && nano_ >= 0 && nano_ <= Int128{kInt64Max} * nano_per_unit) {  // all that a sane cluster has
    return static_cast<std::int64_t>((nano_ + nano_per_unit - 1) / nano_per_unit);
  }
  const BigInt nano = wide_nano().nano;
  if (scaled_) {
    const BigInt rounded = divide_away(nano, nano_per_unit);
    const bool fits = rounded <= kInt64Max && rounded >= std::numeric_limits<std::int64_t>::min();
    return fits ? static_cast<std::int64_t>(rounded) : 0;
  }
  // The long form takes a short cut for everything below 2^63, which is wrong for long negative numbers.
  if (nano < kInt64Max) {
    const std::int64_t low = go_int64(nano);
    return low / nano_per_unit + (low % nano_per_unit != 0 ? 1 : 0);
  }
  const auto wrapped = static_cast<std::uint64_t>(go_int64(nano / nano_per_unit));
  return static_cast<std::int64_t>(wrapped + (nano % nano_per_unit != 0 ? 1 : 0));
}

std::int64_t Quantity::value() const { return scaled_value(kNano); }
std::int64_t Quantity::milli_value() const { return scaled_value(kNano / 1000); }

int Quantity::sign() const {
  if (wide_) return wide_->nano < 0 ? -1 : 1;
  return nano_ < 0 ? -1 : nano_ > 0 ? 1 : 0;
}

double Quantity::approximate() const {
  return (wide_ ? static_cast<double>(wide_->nano) : static_cast<double>(nano_)) / static_cast<double>(kNano);
}

Quantity Quantity::rounded_up() const {
  const BigInt nano = wide_nano().nano;
  if (nano % kNano == 0 && scaled_) return *this;
  return make(Wide{divide_away(nano, kNano) * kNano}, format_, scaled_);
}

Quantity operator+(const Quantity& a, const Quantity& b) {
  return Quantity::make(Quantity::Wide{a.wide_nano().nano + b.wide_nano().nano}, a.sign() == 0 ? b.format_ : a.format_,
                        a.scaled_ && b.scaled_);
}

Quantity operator-(const Quantity& a, const Quantity& b) {
  return Quantity::make(Quantity::Wide{a.wide_nano().nano - b.wide_nano().nano}, a.sign() == 0 ? b.format_ : a.format_,
                        a.scaled_ && b.scaled_);
}

std::strong_ordering operator<=>(const Quantity& a, const Quantity& b) {
  if (!a.wide_ && !b.wide_) return a.nano_ <=> b.nano_;
  const int order = a.wide_nano().nano.compare(b.wide_nano().nano);
  return order < 0 ? std::strong_ordering::less : order > 0 ? std::strong_ordering::greater : std::strong_ordering::equal;
}

}  // namespace tandem

#include "core/base/math.hpp"

#include <bit>
#include <cstdint>
#include <limits>

#include "core/base/check.hpp"

namespace tandem {

// The method of FreeBSD's e_log.c (fdlibm), written anew. x = 2^k * m with m near 1; with f = m - 1 and
// s = f / (2 + f), log(m) = 2 artanh(s) = f - f^2/2 + s (f^2/2 + R(s^2)), where R is the minimax polynomial
// of fdlibm (error below 2^-58.45). ln 2 is split so that k * kLn2High is exact for every exponent k.
// Only +, -, *, / of IEEE doubles in a fixed order: the same bits wherever contraction is off.
double stable_log(double x) {
  constexpr double kLn2High = 0x1.62e42feep-1;
  constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
  constexpr double kR1 = 0x1.5555555555593p-1;
  constexpr double kR2 = 0x1.999999997fa04p-2;
  constexpr double kR3 = 0x1.2492494229359p-2;
  constexpr double kR4 = 0x1.c71c51d8e78afp-3;
  constexpr double kR5 = 0x1.7466496cb03dep-3;
  constexpr double kR6 = 0x1.39a09d078c69fp-3;
  constexpr double kR7 = 0x1.2f112df3e5244p-3;
  constexpr std::uint64_t kOneBits = 0x3ff0000000000000ULL;
  constexpr std::uint64_t kHalfRootTwoBits = 0x3fe6a09e00000000ULL;  // sqrt(1/2), rounded down to its upper word
  constexpr std::uint64_t kFractionMask = 0x000fffffffffffffULL;

  CHECK(x > 0 && x <= std::numeric_limits<double>::max(), "the logarithm needs a positive finite number");
  std::int64_t exponent = 0;
  if (x < std::numeric_limits<double>::min()) {  // subnormal: scaled up, exactly
    x *= 0x1p54;
    exponent = -54;
  }
  // Shifting the bits by (1 - sqrt(1/2)) makes the exponent field step at sqrt(1/2) * 2^k, so m lies in [sqrt(1/2), sqrt(2)).
  const std::uint64_t shifted = std::bit_cast<std::uint64_t>(x) + (kOneBits - kHalfRootTwoBits);
  exponent += static_cast<std::int64_t>(shifted >> 52) - 1023;
  const double m = std::bit_cast<double>((shifted & kFractionMask) + kHalfRootTwoBits);

  const double f = m - 1.0;
  const double half_square = 0.5 * f * f;
  const double s = f / (2.0 + f);
  const double z = s * s;
  const double w = z * z;
  const double odd = z * (kR1 + w * (kR3 + w * (kR5 + w * kR7)));
  const double even = w * (kR2 + w * (kR4 + w * kR6));
  const double k = static_cast<double>(exponent);
  return s * (half_square + (odd + even)) + k * kLn2Low - half_square + f + k * kLn2High;
}

}  // namespace tandem

#include "core/base/time.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "core/base/check.hpp"

namespace tandem {
namespace {

constexpr std::uint64_t kMicrosecond = 1'000;
constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::uint64_t kSecond = 1'000'000'000;

/// |ns| without overflow at the smallest int64.
std::uint64_t magnitude(std::int64_t ns) {
  return ns < 0 ? ~static_cast<std::uint64_t>(ns) + 1 : static_cast<std::uint64_t>(ns);
}

/// `amount / unit` in decimal without trailing zeros, then the unit's name: (1500000, 1e6, "ms") is "1.5ms".
std::string decimal(std::uint64_t amount, std::uint64_t unit, std::string_view name) {
  std::string text = fmt::format("{}", amount / unit);
  std::uint64_t rest = amount % unit;
  if (rest != 0) {
    text += '.';
    for (std::uint64_t place = unit / 10; rest != 0; place /= 10) {
      text += static_cast<char>('0' + rest / place);
      rest %= place;
    }
  }
  return text.append(name);
}

}  // namespace

SimDuration from_seconds(double s) {
  CHECK(std::isfinite(s) && std::fabs(s) < 9.2e9, "seconds out of range");
  // std::llround, but inlined: this runs once a request. Beyond 2^52 a double is whole and `rest` is 0.
  const double scaled = s * 1e9;
  const auto whole = static_cast<std::int64_t>(scaled);
  const double rest = scaled - static_cast<double>(whole);
  return {whole + (rest >= 0.5 ? 1 : 0) - (rest <= -0.5 ? 1 : 0)};
}

std::string to_string(SimDuration d) {
  if (d.ns == 0) return "0s";
  const std::uint64_t ns = magnitude(d.ns);
  std::string text = d.ns < 0 ? "-" : "";
  if (ns < kMicrosecond) return text + decimal(ns, 1, "ns");
  if (ns < kMillisecond) return text + decimal(ns, kMicrosecond, "us");
  if (ns < kSecond) return text + decimal(ns, kMillisecond, "ms");
  const std::uint64_t hours = ns / (3600 * kSecond);
  const std::uint64_t minutes = ns / (60 * kSecond) % 60;
  const std::uint64_t rest = ns % (60 * kSecond);
  if (hours != 0) text += fmt::format("{}h", hours);
  if (minutes != 0) text += fmt::format("{}m", minutes);
  if (rest != 0) text += decimal(rest, kSecond, "s");
  return text;
}

std::string to_string(SimTime t) {
  if (t == kTimeNever) return "never";
  const std::uint64_t ms = (magnitude(t.ns) + kMillisecond / 2) / kMillisecond;
  return fmt::format("{}{}.{:03}s", t.ns < 0 && ms != 0 ? "-" : "", ms / 1000, ms % 1000);
}

}  // namespace tandem

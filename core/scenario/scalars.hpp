#pragma once
// What a plain scalar means: by YAML 1.2's core schema (Strict) or as kubectl's YAML 1.1 reader takes it (Foreign).

#include <cstdint>
#include <string>
#include <string_view>

#include "core/scenario/documents.hpp"

namespace tandem::scenario {

enum class ScalarType : std::uint8_t { Null, Boolean, Integer, Float, Text };

struct Scalar {
  ScalarType type = ScalarType::Text;
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;
  bool out_of_range = false;   ///< a number that int64 or double cannot hold
  bool not_finite = false;     ///< ".nan", ".inf" and the like
  std::string_view oddity = {};  ///< why a strict reader takes it differently: "a YAML 1.1 boolean", "an octal number"; else empty
};

/// Null, true, false, decimal integers and decimal fractions; everything else is Text. Octal, hexadecimal, ".nan", "True"
/// and the like are Text with an oddity, so that readers can say why they refuse them (hardening P4).
Scalar resolve_strict(std::string_view plain);

/// As the YAML reader inside kubectl (tested against kubectl 1.32): yes/no/on/off/y/n, 0x 0o 0b and leading-zero octal,
/// underscores, fractions; integers beyond int64 are out_of_range, fractions beyond double are Text.
Scalar resolve_foreign(std::string_view plain);

/// The meaning of a scalar node under a dialect: quoted and block scalars are Text, tags are obeyed.
Scalar resolve(const Node& scalar, Dialect dialect);

}  // namespace tandem::scenario

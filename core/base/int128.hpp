#pragma once

namespace tandem {

/// 128-bit integers for exact sums and products of int64 values. A compiler extension that g++ and clang++ both
/// have; named here once so that -Wpedantic stays on everywhere.
__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;

/// std::numeric_limits knows these types only where language extensions are on.
inline constexpr Int128 kInt128Max = static_cast<Int128>(~UInt128{0} >> 1);
inline constexpr Int128 kInt128Min = -kInt128Max - 1;

}  // namespace tandem

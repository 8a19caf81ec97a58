#pragma once
// Millicores as the kernel's scheduler counts them (pkg/kubelet/cm/helpers_linux.go). 0 millicores stand for "not set".

#include <algorithm>
#include <cstdint>

namespace tandem::control::kubelet {

inline constexpr std::int64_t kCfsPeriodMicroseconds = 100'000;
inline constexpr std::int64_t kMinCpuShares = 2;        ///< the kernel's MIN_SHARES, also for a request of nothing
inline constexpr std::int64_t kMaxCpuShares = 262'144;  ///< the kernel's MAX_SHARES
inline constexpr std::int64_t kMinCfsQuotaMicroseconds = 1'000;

/// cpu.shares of a request: 1024 a core, cut to whole shares.
constexpr std::int64_t cpu_shares(std::int64_t milli_cpu) {
  return std::clamp(milli_cpu * 1024 / 1000, kMinCpuShares, kMaxCpuShares);
}

/// CFS quota of a limit, in microseconds for a period of 100 ms; 0 = no quota.
constexpr std::int64_t cfs_quota(std::int64_t milli_cpu) {
  if (milli_cpu == 0) return 0;
  return std::max(milli_cpu * kCfsPeriodMicroseconds / 1000, kMinCfsQuotaMicroseconds);
}

}  // namespace tandem::control::kubelet

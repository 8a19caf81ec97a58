#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/balance/balancer_runtime.hpp"

namespace tandem::docker {

inline constexpr std::int32_t kBalancerPort = 80;
/// Answers the number of the configuration in force, so that a reload can be followed from outside.
inline constexpr std::int32_t kBalancerControlPort = 8081;
inline constexpr const char* kGenerationPath = "/generation";

/// nginx.conf for one balancer. The policy is nginx's own directive, word for word ("least_conn", "hash $request_uri");
/// round_robin is its default and needs none. Without backends it answers 502, as nginx does when no peer is left.
/// Facts: data-plane-semantics §1.1, §1.9.
std::string nginx_config(const balance::BalancerSpec& spec, const std::vector<balance::Backend>& backends, std::uint64_t generation);

}  // namespace tandem::docker

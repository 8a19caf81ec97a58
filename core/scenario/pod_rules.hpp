#pragma once

#include <string>

#include "core/cluster/objects.hpp"
#include "core/scenario/rule_context.hpp"

namespace tandem::scenario {

/// Validation of a pod spec at `path` ("spec" or "spec.template.spec").
void check_pod_spec(const RuleContext& context, const std::string& path, const cluster::PodSpec& spec);

void check_port_number(const RuleContext& context, const std::string& path, std::int64_t port);
/// A port number or a port name; 0 (absent) passes.
void check_port_reference(const RuleContext& context, const std::string& path, const cluster::IntOrString& port);
void check_protocol(const RuleContext& context, const std::string& path, const std::string& protocol);

}  // namespace tandem::scenario

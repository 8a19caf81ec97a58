#pragma once
// From the section `scheduler` to profiles with their plugin sets merged, as kube-scheduler merges them.

#include <functional>
#include <optional>
#include <string>

#include "core/scenario/scheduler_config.hpp"
#include "core/scenario/spec_reader.hpp"

namespace tandem::scenario {

/// Contents of a file that the scenario names; nullopt after reporting what is wrong.
using ReadText = std::function<std::optional<std::string>(const std::string& name, const Place& where, const std::string& path)>;

/// Without the section: one default profile.
SchedulerConfig read_scheduler(const ObjectView& spec, const IsClean& is_clean, const ReadText& read_text, Diagnostics& diagnostics);

}  // namespace tandem::scenario

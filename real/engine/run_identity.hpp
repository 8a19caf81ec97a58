#pragma once
// Who a run is, and the labels that say so on everything it creates (hardening C1).

#include <map>
#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "host/wall_clock.hpp"

namespace tandem::real {

inline constexpr std::string_view kRunLabel = "tandem.run";
inline constexpr std::string_view kKindLabel = "tandem.kind";
inline constexpr std::string_view kOwnerPidLabel = "tandem.owner.pid";
inline constexpr std::string_view kOwnerStartLabel = "tandem.owner.start";
inline constexpr std::string_view kOwnerBootLabel = "tandem.owner.boot";
/// Unix seconds after which the run cannot be alive any more, whatever its owner looks like.
inline constexpr std::string_view kDeadlineLabel = "tandem.deadline";

using LabelMap = std::map<std::string, std::string>;

struct RunIdentity {
  std::string run_id;               ///< 128 random bits, lower-case hex
  host::ProcessIdentity owner;
  std::int64_t deadline = 0;        ///< Unix seconds

  /// A new run of this process. Errors: EngineCapability (no random numbers).
  static Result<RunIdentity> create(SimDuration expected_duration);

  [[nodiscard]] LabelMap labels(std::string_view kind) const;
  /// "tandem-<first 12 digits>-<kind>-<number>": derived, so a crash between intent and answer can be resolved by name.
  [[nodiscard]] std::string name_of(std::string_view kind, std::uint64_t number) const;
  /// What every name of the run begins with.
  [[nodiscard]] std::string name_prefix() const;
};

/// 32 lower-case hex digits.
bool is_run_id(std::string_view text);

/// Reads the labels of an object. Nothing if they are not ours or incomplete.
std::optional<RunIdentity> identity_from_labels(const LabelMap& labels);

/// The owner process no longer exists.
inline bool is_orphaned(const RunIdentity& identity) { return !host::is_alive(identity.owner); }

}  // namespace tandem::real

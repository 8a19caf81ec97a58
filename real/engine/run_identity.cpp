#include "real/engine/run_identity.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace tandem::real {

namespace {

constexpr std::size_t kPrefixDigits = 12;
/// Creating, image builds and cleaning may take this long beside the run itself.
constexpr std::int64_t kDeadlineSlackSeconds = 3600;

template <class Integer>
bool read_integer(const LabelMap& labels, std::string_view name, Integer& value) {
  const auto found = labels.find(std::string(name));
  if (found == labels.end()) return false;
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

Result<RunIdentity> RunIdentity::create(SimDuration expected_duration) {
  std::array<unsigned char, 16> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return fail(ErrorCode::EngineCapability, "the kernel gave no random numbers for a run id");
  }
  RunIdentity identity;
  for (const unsigned char byte : bytes) identity.run_id += fmt::format("{:02x}", byte);
  identity.owner = host::current_process();
  identity.deadline = host::unix_seconds() + expected_duration.ns / 1'000'000'000 + kDeadlineSlackSeconds;
  return identity;
}

LabelMap RunIdentity::labels(std::string_view kind) const {
  return {{std::string(kRunLabel), run_id},
          {std::string(kKindLabel), std::string(kind)},
          {std::string(kOwnerPidLabel), std::to_string(owner.pid)},
          {std::string(kOwnerStartLabel), std::to_string(owner.start_ticks)},
          {std::string(kOwnerBootLabel), owner.boot_id},
          {std::string(kDeadlineLabel), std::to_string(deadline)}};
}

std::string RunIdentity::name_prefix() const { return "tandem-" + run_id.substr(0, kPrefixDigits) + "-"; }

std::string RunIdentity::name_of(std::string_view kind, std::uint64_t number) const {
  return fmt::format("{}{}-{}", name_prefix(), kind, number);
}

bool is_run_id(std::string_view text) {
  return text.size() == 32 && std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::optional<RunIdentity> identity_from_labels(const LabelMap& labels) {
  RunIdentity identity;
  const auto run = labels.find(std::string(kRunLabel));
  const auto boot = labels.find(std::string(kOwnerBootLabel));
  if (run == labels.end() || boot == labels.end() || !is_run_id(run->second)) return std::nullopt;
  identity.run_id = run->second;
  identity.owner.boot_id = boot->second;
  const bool complete = read_integer(labels, kOwnerPidLabel, identity.owner.pid) &&
                        read_integer(labels, kOwnerStartLabel, identity.owner.start_ticks) &&
                        read_integer(labels, kDeadlineLabel, identity.deadline);
  return complete ? std::optional(identity) : std::nullopt;
}

}  // namespace tandem::real

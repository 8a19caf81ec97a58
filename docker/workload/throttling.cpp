#include "docker/workload/throttling.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <string_view>

namespace tandem::workload {

namespace {

std::string read_small_file(int file) {
  char buffer[1024];
  const ssize_t size = pread(file, buffer, sizeof buffer, 0);
  return size > 0 ? std::string(buffer, static_cast<std::size_t>(size)) : std::string();
}

std::string read_small_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  std::string text = read_small_file(file);
  close(file);
  return text;
}

/// The number after `key` at the start of a line.
std::optional<std::int64_t> line_value(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (line.size() > key.size() && line.substr(0, key.size()) == key && line[key.size()] == ' ') {
      std::int64_t value = 0;
      const std::string_view digits = line.substr(key.size() + 1);
      const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
      if (error == std::errc()) return value;
    }
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return std::nullopt;
}

}  // namespace

ThrottlingMeter::ThrottlingMeter(const std::string& cgroup_root) {
  const std::string v1 = cgroup_root + "/cpu/";
  const std::string quota = read_small_file(v1 + "cpu.cfs_quota_us");
  if (!quota.empty()) {
    limited_ = quota.front() != '-';
    stat_file_ = open((v1 + "cpu.stat").c_str(), O_RDONLY | O_CLOEXEC);
    return;
  }
  const std::string maximum = read_small_file(cgroup_root + "/cpu.max");
  limited_ = !maximum.empty() && maximum.substr(0, 3) != "max";
  stat_file_ = open((cgroup_root + "/cpu.stat").c_str(), O_RDONLY | O_CLOEXEC);
}

ThrottlingMeter::~ThrottlingMeter() {
  if (stat_file_ >= 0) close(stat_file_);
}

std::optional<SimDuration> ThrottlingMeter::total() const {
  if (stat_file_ < 0) return std::nullopt;
  if (!limited_) return SimDuration{};
  const std::string text = read_small_file(stat_file_);
  if (const auto ns = line_value(text, "throttled_time")) return SimDuration{*ns};
  if (const auto us = line_value(text, "throttled_usec")) return microseconds(*us);
  return std::nullopt;
}

}  // namespace tandem::workload

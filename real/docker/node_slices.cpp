#include "real/docker/node_slices.hpp"

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "core/base/parse.hpp"
#include "core/base/text.hpp"
#include "host/files.hpp"

namespace tandem::docker {

namespace {

constexpr const char* kRoot = "/sys/fs/cgroup";
/// Top-level groups: nodes of all runs in one, balancers and load generators in the other, so that each can be weighed
/// against everything else on the machine.
constexpr const char* kNodes = "tandem";
constexpr const char* kInfrastructure = "tandem-infrastructure";
constexpr std::int64_t kPeriodUs = 100'000;
constexpr std::int64_t kSharesPerCore = 1024;
/// Of each second (the kernel's default period) for real-time tasks of a run; the root group has 0.95 s.
constexpr std::int64_t kRealTimeUs = 800'000;
constexpr std::int64_t kSharesMin = 2;
constexpr std::int64_t kSharesMax = 262'144;

bool unified() { return host::exists(std::string(kRoot) + "/cgroup.controllers"); }

/// Hierarchies that hold our groups: one with cgroup v2, one per controller with v1. First the one for CPU limits, last the
/// one for memory; in between only counted.
std::vector<std::string> hierarchies() {
  if (unified()) return {kRoot};
  return {std::string(kRoot) + "/cpu", std::string(kRoot) + "/cpuacct", std::string(kRoot) + "/memory"};
}

/// Control files take one write each, and tell by it whether they like the value.
bool write_control(const std::string& path, const std::string& value) {
  std::FILE* const file = std::fopen(path.c_str(), "we");
  if (file == nullptr) return false;
  const bool written = std::fwrite(value.data(), 1, value.size(), file) == value.size();
  return std::fclose(file) == 0 && written;
}

tl::unexpected<Error> failure(const std::string& what, const std::string& path) {
  return fail(ErrorCode::EngineCapability, "cannot " + what + " control group " + path + ": " + std::strerror(errno));
}

Status make_group(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return failure("make", path);
  // Children get the controllers only if every level above passes them on.
  if (unified()) write_control(path + "/cgroup.subtree_control", "+cpu +memory +pids");
  return {};
}

/// Value of `key` in a file of "key value" lines; 0 if it is not there.
std::int64_t stat_value(const std::string& text, std::string_view key) {
  for (const std::string& line : split(text, '\n')) {
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ' ') {
      return parse_int(std::string_view(line).substr(key.size() + 1)).value_or(0);
    }
  }
  return 0;
}

/// cgroup v1 counts CPU weight in shares (1024 a core), v2 in weights; the conversion is the one of runc.
std::int64_t weight_of_shares(std::int64_t shares) { return 1 + (shares - kSharesMin) * 9999 / (kSharesMax - kSharesMin); }

bool limit_cpu(const std::string& cpu_group, std::int64_t milli) {
  const std::int64_t quota = milli * kPeriodUs / 1000;
  if (unified()) return write_control(cpu_group + "/cpu.max", std::to_string(quota) + " " + std::to_string(kPeriodUs));
  return write_control(cpu_group + "/cpu.cfs_period_us", std::to_string(kPeriodUs)) &&
         write_control(cpu_group + "/cpu.cfs_quota_us", std::to_string(quota));
}

bool weigh_cpu(const std::string& cpu_group, std::int64_t shares) {
  if (unified()) return write_control(cpu_group + "/cpu.weight", std::to_string(weight_of_shares(shares)));
  return write_control(cpu_group + "/cpu.shares", std::to_string(shares));
}

bool limit_memory(const std::string& memory_group, std::int64_t bytes) {
  return write_control(memory_group + (unified() ? "/memory.max" : "/memory.limit_in_bytes"), std::to_string(bytes));
}

/// A group and the groups below it. Containers' own groups vanish with them; what a killed helper of the engine left empty
/// goes here. False if something is still in use.
bool remove_group(const std::string& group) {
  for (const std::string& name : host::list_directory(group)) {
    const std::string child = group + "/" + name;
    struct stat facts {};
    if (::lstat(child.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode)) remove_group(child);
  }
  return ::rmdir(group.c_str()) == 0 || errno == ENOENT;
}

}  // namespace

std::string NodeSlices::refusal(const EngineInfo& engine, bool local_engine) {
  if (!local_engine) return "the engine is not on this machine";
  if (engine.cgroup_driver != "cgroupfs") return "the engine's cgroup driver is " + engine.cgroup_driver + ", not cgroupfs";
  if (::geteuid() != 0) return "making control groups needs root";
  for (const std::string& hierarchy : hierarchies()) {
    if (::access(hierarchy.c_str(), W_OK) != 0) return hierarchy + " cannot be written";
  }
  return {};
}

Result<NodeSlices> NodeSlices::create(const EngineInfo& engine, const std::string& run_id, const std::vector<scenario::NodeSpec>& nodes) {
  NodeSlices slices;
  slices.run_id_ = run_id;
  const std::vector<std::string> roots = hierarchies();
  const std::string cpu_root = roots.front();
  const std::string memory_root = roots.back();
  for (const std::string& root : roots) {
    for (const char* top : {kNodes, kInfrastructure}) {
      TANDEM_TRY(make_group(root + "/" + top));
      TANDEM_TRY(make_group(root + "/" + top + "/" + run_id));
    }
    for (const scenario::NodeSpec& node : nodes) TANDEM_TRY(make_group(root + slices.parent_of(node.name)));
  }
  // All nodes together weigh as much as an ordinary task on each core, so that they cannot starve the engine and us. Load
  // generator and balancers are machines of their own in the scenario: they come first, and need little.
  const std::int64_t nodes_shares = kSharesPerCore * std::max<std::int64_t>(1, engine.cpus);
  weigh_cpu(cpu_root + "/" + kNodes, nodes_shares);
  weigh_cpu(cpu_root + "/" + kNodes + "/" + run_id, nodes_shares);
  weigh_cpu(cpu_root + "/" + kInfrastructure, kSharesMax);
  for (const scenario::NodeSpec& node : nodes) {
    const std::string cpu_group = cpu_root + slices.parent_of(node.name);
    const std::string memory_group = memory_root + slices.parent_of(node.name);
    if (!limit_cpu(cpu_group, node.cpu_milli)) return failure("limit the CPU of", cpu_group);
    if (!weigh_cpu(cpu_group, std::clamp(node.cpu_milli * kSharesPerCore / 1000, kSharesMin, kSharesMax))) return failure("weigh the CPU of", cpu_group);
    if (!limit_memory(memory_group, node.memory_bytes)) return failure("limit the memory of", memory_group);
  }
  return slices;
}

NodeSlices::~NodeSlices() {
  if (active()) remove_leftovers(run_id_);
}
NodeSlices::NodeSlices(NodeSlices&& other) noexcept : run_id_(std::exchange(other.run_id_, {})) {}
NodeSlices& NodeSlices::operator=(NodeSlices&& other) noexcept {
  std::swap(run_id_, other.run_id_);
  return *this;
}

std::string NodeSlices::parent_of(const std::string& node_name) const {
  return active() ? std::string("/") + kNodes + "/" + run_id_ + "/" + node_name : std::string();
}
std::string NodeSlices::infrastructure_parent() const {
  return active() ? std::string("/") + kInfrastructure + "/" + run_id_ : std::string();
}

std::optional<CpuUsage> NodeSlices::cpu_usage(const std::string& group) {
  constexpr std::size_t kFileMax = 16 << 10;
  if (unified()) {
    const auto stat = host::read_file(std::string(kRoot) + group + "/cpu.stat", kFileMax);
    if (!stat) return std::nullopt;
    return CpuUsage{microseconds(stat_value(*stat, "usage_usec")), microseconds(stat_value(*stat, "throttled_usec"))};
  }
  const auto used = host::read_file(std::string(kRoot) + "/cpuacct" + group + "/cpuacct.usage", kFileMax);
  const auto stat = host::read_file(std::string(kRoot) + "/cpu" + group + "/cpu.stat", kFileMax);
  if (!used || !stat) return std::nullopt;
  return CpuUsage{{parse_int(trim(*used)).value_or(0)}, {stat_value(*stat, "throttled_time")}};
}

std::string NodeSlices::group_of(std::int64_t pid) {
  const std::string text = host::read_file("/proc/" + std::to_string(pid) + "/cgroup", 64 << 10).value_or("");
  for (const std::string& line : split(text, '\n')) {
    // "4:cpu,cpuacct:/docker/…" with cgroup v1, "0::/docker/…" with v2.
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::vector<std::string> controllers = split(std::string_view(line).substr(first + 1, second - first - 1), ',');
    const bool counts = unified() ? first == 1 && line[0] == '0' : std::find(controllers.begin(), controllers.end(), "cpuacct") != controllers.end();
    if (counts) return line.substr(second + 1);
  }
  return {};
}

bool NodeSlices::make_real_time(std::int64_t pid) const {
  const std::string group = group_of(pid);
  if (!active() || !group.starts_with(infrastructure_parent() + "/")) return false;
  // cgroup v1 gives real-time tasks no time unless every group from the top grants it; v2 knows no such limit. A second run
  // beside this one finds the time taken, and stays ordinary.
  for (std::size_t end = group.find('/', 1); !unified(); end = group.find('/', end + 1)) {
    const std::string file = std::string(kRoot) + "/cpu" + group.substr(0, end) + "/cpu.rt_runtime_us";
    if (host::exists(file) && !write_control(file, std::to_string(kRealTimeUs))) return false;
    if (end == std::string::npos) break;
  }
  sched_param priority{};
  priority.sched_priority = sched_get_priority_min(SCHED_FIFO);
  return ::sched_setscheduler(static_cast<pid_t>(pid), SCHED_FIFO, &priority) == 0;
}

std::vector<std::string> NodeSlices::remove_leftovers(const std::string& run_id) {
  std::vector<std::string> left;
  // v1 engines make groups of the same path under every controller they use.
  std::vector<std::string> roots;
  if (unified()) {
    roots.push_back(kRoot);
  } else {
    for (const std::string& controller : host::list_directory(kRoot)) roots.push_back(std::string(kRoot) + "/" + controller);
  }
  for (const std::string& root : roots) {
    for (const char* top : {kNodes, kInfrastructure}) {
      const std::string run = root + "/" + top + "/" + run_id;
      if (host::exists(run) && !remove_group(run)) left.push_back(run);
      ::rmdir((root + "/" + top).c_str());  // goes with the last run
    }
  }
  return left;
}

}  // namespace tandem::docker

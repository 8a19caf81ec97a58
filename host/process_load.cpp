#include "host/process_load.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/parse.hpp"
#include "core/base/text.hpp"
#include "host/files.hpp"

namespace tandem::host {

namespace {

constexpr std::size_t kFileMax = 64 << 10;
constexpr std::uint64_t kKernelThread = 0x0020'0000;  // PF_KTHREAD of include/linux/sched.h

// proc(5) numbers the fields of stat from 1; the name is the second, and what follows it begins with the third.
enum Field : std::size_t { kParent = 4 - 3, kFlags = 9 - 3, kUser = 14 - 3, kSystem = 15 - 3, kChildUser = 16 - 3, kChildSystem = 17 - 3, kStart = 22 - 3 };

struct Stat {
  std::string name;
  std::vector<std::string> fields;
  [[nodiscard]] std::uint64_t number(Field field) const { return static_cast<std::uint64_t>(parse_int(fields[field]).value_or(0)); }
};

bool read_stat(const std::string& folder, Stat& stat) {
  const auto text = read_file(folder + "/stat", kFileMax);
  if (!text) return false;
  const std::size_t begin = text->find('(');
  const std::size_t end = text->rfind(')');  // the name may hold anything
  if (begin == std::string::npos || end == std::string::npos || end < begin) return false;
  stat.name = text->substr(begin + 1, end - begin - 1);
  stat.fields = split(trim(std::string_view(*text).substr(end + 1)), ' ');
  return stat.fields.size() > kStart;
}

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

ProcessLoad::ProcessLoad(ProcessClassifier classify, std::string proc)
    : classify_(std::move(classify)), proc_(std::move(proc)), ns_per_tick_(1e9 / static_cast<double>(sysconf(_SC_CLK_TCK))) {}

const ProcessLoad::Process* ProcessLoad::same_before(const Process& process) const {
  const auto found = before_.find(process.facts.pid);
  return found != before_.end() && found->second.start_ticks == process.start_ticks ? &found->second : nullptr;
}

ProcessLoad::Table ProcessLoad::read() const {
  Table table;
  for (const std::string& name : list_directory(proc_)) {
    Stat stat;
    if (!is_number(name) || !read_stat(proc_ + "/" + name, stat) || (stat.number(kFlags) & kKernelThread) != 0) continue;
    Process process;
    process.facts.pid = parse_int(name).value_or(0);
    process.facts.parent = static_cast<std::int64_t>(stat.number(kParent));
    process.facts.name = std::move(stat.name);
    process.start_ticks = stat.number(kStart);
    process.own_ticks = stat.number(kUser) + stat.number(kSystem);
    // Process 1 waits for everybody's orphans, the run's own among them.
    if (process.facts.pid != 1) process.children_ticks = stat.number(kChildUser) + stat.number(kChildSystem);
    table.emplace(process.facts.pid, std::move(process));
  }
  return table;
}

void ProcessLoad::classify(Table& table, Process& process) const {
  if (std::exchange(process.classified, true)) return;
  // A new name is a new program (exec), perhaps in another control group.
  if (const Process* before = same_before(process); before != nullptr && before->facts.name == process.facts.name) {
    process.kind = before->kind;
    process.facts.cgroup = before->facts.cgroup;
    return;
  }
  process.facts.cgroup = read_file(proc_ + "/" + std::to_string(process.facts.pid) + "/cgroup", kFileMax).value_or("");
  const auto parent = table.find(process.facts.parent);
  if (parent == table.end()) {
    process.kind = classify_(process.facts, nullptr, ProcessClass::Foreign);
    return;
  }
  classify(table, parent->second);
  process.kind = classify_(process.facts, &parent->second.facts, parent->second.kind);
}

std::map<std::string, SimDuration> ProcessLoad::advance() {
  Table now = read();
  for (auto& [pid, process] : now) classify(now, process);

  // What a child that has gone was seen to use comes back in its parent's count of children: it counts once.
  std::map<std::int64_t, std::uint64_t> counted;
  for (const auto& [pid, process] : before_) {
    const auto still = now.find(pid);
    const bool gone = still == now.end() || still->second.start_ticks != process.start_ticks;
    if (gone && process.kind == ProcessClass::Foreign) counted[process.facts.parent] += process.own_ticks + process.children_ticks;
  }
  std::map<std::string, SimDuration> used;
  for (const auto& [pid, process] : now) {
    if (first_ || process.kind != ProcessClass::Foreign) continue;
    const Process* const before = same_before(process);
    const std::uint64_t own = process.own_ticks - (before == nullptr ? 0 : std::min(before->own_ticks, process.own_ticks));
    const std::uint64_t children = process.children_ticks - (before == nullptr ? 0 : std::min(before->children_ticks, process.children_ticks));
    const std::uint64_t ticks = own + children - std::min(children, counted[pid]);
    if (ticks > 0) used[process.facts.name].ns += static_cast<std::int64_t>(static_cast<double>(ticks) * ns_per_tick_);
  }
  first_ = false;
  before_ = std::move(now);
  return used;
}

}  // namespace tandem::host

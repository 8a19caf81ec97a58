#include "tests/real/victim.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>

#include "core/base/parse.hpp"
#include "core/base/text.hpp"
#include "host/files.hpp"
#include "real/engine/journal.hpp"

namespace tandem::docker {

namespace {

constexpr auto kLook = std::chrono::milliseconds(2);

/// Index of the line that begins `phase`, or npos.
std::size_t line_of_phase(const std::vector<std::string>& lines, const std::string& phase) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].find("\"kind\":\"phase\",\"name\":\"" + phase + "\"") != std::string::npos) return i;
  }
  return std::string::npos;
}

std::vector<std::string> lines_of_text(const std::string& text) {
  std::vector<std::string> lines = split(text, '\n');
  lines.pop_back();  // what follows the last line feed
  return lines;
}

}  // namespace

host::ProcessResult run_tandem(std::vector<std::string> arguments, const std::string& state, std::vector<std::string> environment) {
  host::ProcessOptions options;
  options.command = std::move(arguments);
  options.command.insert(options.command.begin(), TANDEM_PROGRAM);
  options.environment = std::move(environment);
  options.environment.push_back("TANDEM_STATE=" + state);
  options.timeout = seconds(300);
  const auto result = host::run_process(options);
  EXPECT_TRUE(result) << to_string(result.error());
  return result.value_or(host::ProcessResult{});
}

std::vector<std::string> left_of(EngineClient& engine, const std::string& run_id) {
  std::vector<std::string> left;
  const std::string label = "tandem.run=" + run_id;
  const auto derived = [&](const std::string& type, const std::string& name, const LabelMap& labels) {
    if (is_derived_name(name, labels)) left.push_back(type + " " + name);
  };
  const auto containers = engine.run(api::list_containers(label));
  const auto networks = engine.run(api::list_networks(label));
  const auto volumes = engine.run(api::list_volumes(label));
  if (!containers || !networks || !volumes) return {"the engine does not answer"};
  for (const auto& item : *containers) derived("container", item.name, item.labels);
  for (const auto& item : *networks) derived("network", item.name, item.labels);
  for (const auto& item : *volumes) derived("volume", item.name, item.labels);
  for (const std::string& controller : host::list_directory("/sys/fs/cgroup")) {
    for (const char* top : {"tandem", "tandem-infrastructure"}) {
      const std::string group = fmt::format("/sys/fs/cgroup/{}/{}/{}", controller, top, run_id);
      if (host::exists(group)) left.push_back("control group " + group);
    }
  }
  return left;
}

// ---------------------------------------------------------------- a run

Victim::Victim(const std::string& folder, std::vector<std::string> arguments, std::vector<std::string> environment)
    : folder_(folder), state_(folder + "/state"), older_journals_(host::list_directory(state_ + "/runs")) {
  std::vector<std::string> all = {"run", std::string(TANDEM_SOURCE_DIR) + "/tests/real/five-seconds", "--on", "docker", "-o", recording(), "-f"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  thread_ = std::thread([this, all = std::move(all), environment = std::move(environment)] {
    result_ = run_tandem(all, state_, environment);
    over_ = true;
  });
}

Victim::~Victim() { exit_code(); }

bool Victim::look() {
  if (journal_path_.empty()) {
    for (const std::string& name : host::list_directory(state_ + "/runs")) {
      if (name.ends_with(".journal") && std::find(older_journals_.begin(), older_journals_.end(), name) == older_journals_.end()) {
        journal_path_ = state_ + "/runs/" + name;
      }
    }
  }
  const auto text = journal_path_.empty() ? Result<std::string>() : host::read_file(journal_path_, 16 << 20);
  if (!text || text->empty()) return false;
  journal_ = *text;
  if (run_id_.empty()) {
    const auto content = real::read_journal(journal_path_);
    if (!content) return false;
    run_id_ = content->identity.run_id;
    pid_ = static_cast<pid_t>(content->identity.owner.pid);
  }
  return true;
}

bool Victim::wait_for(const std::string& phase, std::size_t lines) {
  for (;;) {
    const bool last_look = over_;
    if (look()) {
      const std::vector<std::string> all = lines_of_text(journal_);
      const std::size_t begin = line_of_phase(all, phase);
      if (begin != std::string::npos && all.size() > begin + lines) return true;
    }
    if (last_look) return false;
    std::this_thread::sleep_for(kLook);
  }
}

std::size_t Victim::lines_of(const std::string& phase) const {
  const std::vector<std::string> all = lines_of_text(journal_);
  const std::size_t begin = line_of_phase(all, phase);
  if (begin == std::string::npos) return 0;
  std::size_t end = begin + 1;
  while (end < all.size() && all[end].find("\"kind\":\"phase\"") == std::string::npos) ++end;
  return end - begin;
}

pid_t Victim::reaper() const {
  const std::string children = host::read_file(fmt::format("/proc/{0}/task/{0}/children", pid_), 1 << 16).value_or("");
  for (const std::string& text : split(trim(children), ' ')) {
    const auto pid = parse_int(text);
    if (!pid) continue;
    const std::string command = host::read_file(fmt::format("/proc/{}/cmdline", *pid), 1 << 16).value_or("");
    if (command.find(std::string("\0reaper", 7)) != std::string::npos) return static_cast<pid_t>(*pid);
  }
  return -1;
}

void Victim::signal(int number) const {
  ASSERT_GT(pid_, 1);
  ::kill(pid_, number);
}

int Victim::exit_code() {
  if (thread_.joinable()) thread_.join();
  return result_.exit_code;
}

std::string Victim::output() {
  exit_code();
  return result_.output + result_.errors;
}

bool Victim::has_journal() const { return !journal_path_.empty() && host::exists(journal_path_); }

// ---------------------------------------------------------------- decoys

Decoys::Decoys(EngineClient& engine, const std::string& image, int each) : engine_(engine), image_(image) {
  // A run whose process has gone (an old boot), and one whose process lives: this one.
  real::RunIdentity dead = *real::RunIdentity::create(seconds(1));
  dead.owner.boot_id = "00000000-0000-0000-0000-000000000000";
  const real::RunIdentity living = *real::RunIdentity::create(seconds(1000));
  const auto labels = [&](int number) -> LabelMap {
    LabelMap ours = dead.labels("pod");
    switch (number % 5) {
      case 0: return ours;                                                          // the name is not a run's
      case 1: return living.labels("pod");
      case 2: ours["tandem.run"] += "0"; return ours;                               // not a run id
      case 3: return {{"tandem.runs", dead.run_id}, {"com.example.tandem.run", dead.run_id}};
      default: ours.erase("tandem.owner.pid"); return ours;
    }
  };
  const std::string unique = dead.run_id.substr(0, 12);
  for (int i = 0; i < each; ++i) {
    const std::string number = std::to_string(i);
    // With the labels of a living run even the derived name is right.
    add_container(i % 5 == 1 ? living.name_of("pod", static_cast<std::uint64_t>(i)) : "tandem-" + unique + "-pod-" + number + "x", labels(i));
    add_network("tandem-" + unique + "-network-" + number + "x", labels(i), i);
    add_volume("tandem-" + unique + "-volume-" + number + "x", labels(i));
  }
}

void Decoys::add_container(const std::string& name, const LabelMap& labels) {
  ContainerSpec spec;
  spec.name = name;
  spec.image = image_;
  spec.labels = labels;
  const auto id = engine_.run(api::create_container(spec));
  EXPECT_TRUE(id) << to_string(id.error());
  if (id) objects_.push_back({"container", *id, name});
}

void Decoys::add_network(const std::string& name, const LabelMap& labels, int number) {
  // TEST-NET-2 (RFC 5737): nobody's network.
  const auto id = engine_.run(api::create_network({name, fmt::format("198.51.100.{}/29", number * 8), {}, labels}));
  EXPECT_TRUE(id) << to_string(id.error());
  if (id) objects_.push_back({"network", *id, name});
}

void Decoys::add_volume(const std::string& name, const LabelMap& labels) {
  Call<Nothing> create("create volume " + name, "POST", "/volumes/create");
  create.body = nlohmann::json{{"Name", name}, {"Labels", labels}}.dump();
  create.decode = [](const host::HttpResponse&) -> Result<Nothing> { return Nothing{}; };
  const auto created = engine_.run(create);
  EXPECT_TRUE(created) << to_string(created.error());
  if (created) objects_.push_back({"volume", name, name});
}

void Decoys::add_with_labels_of(const std::string& run_id) {
  real::RunIdentity identity = *real::RunIdentity::create(seconds(1));
  identity.run_id = run_id;
  identity.owner.boot_id = "00000000-0000-0000-0000-000000000000";
  add_container(identity.name_prefix() + "pod-decoy", identity.labels("pod"));
}

std::vector<std::string> Decoys::missing() const {
  std::vector<std::string> missing;
  for (const Object& object : objects_) {
    const bool there = object.type == "container" ? engine_.run(api::inspect_container(object.id)).has_value()
                       : object.type == "network" ? engine_.run(api::inspect_network(object.id)).has_value()
                                                  : engine_.run(api::inspect_volume(object.id)).has_value();
    if (!there) missing.push_back(object.type + " " + object.name);
  }
  return missing;
}

Decoys::~Decoys() {
  for (const Object& object : objects_) {
    const auto removed = engine_.run(object.type == "container" ? api::remove_container(object.id)
                                     : object.type == "network" ? api::remove_network(object.id)
                                                                : api::remove_volume(object.id));
    EXPECT_TRUE(removed) << object.name;
  }
}

}  // namespace tandem::docker

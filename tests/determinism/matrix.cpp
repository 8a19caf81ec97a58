// The determinism matrix (hardening §1): every program given (compilers and optimisations) simulates every scenario given, in
// every environment below, and all digests of a scenario must be equal. Then the canaries must make them differ.
//
//   determinism-matrix [--quick] --preload PADDING_MALLOC.so --program NAME=PATH ... SCENARIO...

#include <fmt/format.h>
#include <sched.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/process.hpp"

namespace {

using namespace tandem;

struct Program {
  std::string name;
  std::string path;
};

/// A surrounding that a simulation must not notice: what its command line begins with.
struct Environment {
  std::string name;
  std::vector<std::string> prefix;
};

struct Options {
  bool quick = false;
  std::string preload;
  std::vector<Program> programs;
  std::vector<std::string> scenarios;
  std::string canaries;  ///< scenario with a balancer, for the canaries to live in; empty: the first one
};

/// A CPU that this process may run on.
int allowed_cpu() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) return cpu;
  }
  return 0;
}

std::vector<Environment> environments(const Options& options) {
  const auto shell = [](const std::string& before) { return std::vector<std::string>{"sh", "-c", before + " && exec \"$@\"", "sh"}; };
  std::vector<std::string> big{"env"};
  for (int i = 0; i < 8; ++i) big.push_back(fmt::format("TANDEM_NOTHING_{}={}", i, std::string(50'000, 'x')));
  std::vector<Environment> all = {
      {"plain", {}},
      {"again", {}},
      {"other time zone and locale", {"env", "TZ=Pacific/Kiritimati", "LC_ALL=tr_TR.UTF-8", "LANG=tr_TR.UTF-8", "LANGUAGE=tr"}},
      {"no environment at all", {"env", "-i"}},
      {"400 kB of environment", big},
      {"umask 077", shell("umask 077")},
      {"working directory /", shell("cd /")},
      {"one CPU", {"taskset", "-c", std::to_string(allowed_cpu())}},
      {"fixed addresses", {"setarch", "-R"}},
  };
  for (int seed = 1; seed <= (options.quick ? 3 : 8); ++seed) {
    all.push_back({fmt::format("padding malloc {}", seed), {"env", "LD_PRELOAD=" + options.preload, fmt::format("TANDEM_PADDING_SEED={}", seed)}});
  }
  return all;
}

/// The digest, or why there is none.
std::string digest_of(const Program& program, const Environment& environment, const std::string& scenario, const std::string& canary = {}) {
  host::ProcessOptions process;
  process.command = environment.prefix;
  process.command.push_back(program.path);
  process.command.push_back(scenario);
  if (!canary.empty()) process.command.insert(process.command.end(), {"--canary", canary});
  process.timeout = seconds(300);
  const auto result = host::run_process(process);
  if (!result) return "not started: " + result.error().what;
  if (result->exit_code != 0) return fmt::format("exit {}: {}", result->exit_code, result->errors.substr(0, 200));
  return result->output.substr(0, result->output.find('\n'));
}

bool is_digest(const std::string& text) { return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos; }

/// A container may forbid to fix addresses; that says nothing about the simulator.
bool is_possible(const Environment& environment) {
  if (environment.prefix.empty()) return true;
  host::ProcessOptions process;
  process.command = environment.prefix;
  process.command.push_back("true");
  const auto result = host::run_process(process);
  return result && result->exit_code == 0;
}

std::string name_of(const std::string& scenario) {
  const std::filesystem::path path(scenario);  // a folder may end with a slash
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

/// Rows of environments and programs, a column a scenario. True if every digest equals the first of its column.
bool run_matrix(const Options& options, const std::vector<Environment>& all, std::map<std::string, std::string>& references) {
  bool equal = true;
  std::size_t runs = 0;
  for (const std::string& scenario : options.scenarios) {
    const std::string reference = digest_of(options.programs.front(), all.front(), scenario);
    references[scenario] = reference;
    fmt::print("{}\n  digest {}\n", name_of(scenario), reference);
    equal = equal && is_digest(reference);
    for (const Environment& environment : all) {
      std::string row;
      for (const Program& program : options.programs) {
        const std::string digest = digest_of(program, environment, scenario);
        ++runs;
        const bool same = digest == reference && is_digest(digest);
        equal = equal && same;
        row += fmt::format("  {} {}", program.name, same ? "same" : is_digest(digest) ? "OTHER " + digest.substr(0, 12) : "FAILED " + digest);
      }
      fmt::print("  {:<28}{}\n", environment.name, row);
      std::fflush(stdout);
    }
  }
  fmt::print("{} runs of {} scenarios: {}\n", runs, options.scenarios.size(), equal ? "all digests equal" : "DIGESTS DIFFER");
  return equal;
}

/// Each canary must give some digest that is not the reference; the first two, more than one among themselves.
bool run_canaries(const Options& options, const std::vector<Environment>& all, const std::map<std::string, std::string>& references) {
  bool all_found = true;
  const std::string& scenario = options.canaries.empty() ? options.scenarios.front() : options.canaries;
  const auto known = references.find(scenario);
  const std::string reference = known != references.end() ? known->second : digest_of(options.programs.front(), all.front(), scenario);
  fmt::print("canaries on {}\n", name_of(scenario));
  for (const std::string canary : {"pointer-order", "hash-order", "startup"}) {
    std::set<std::string> digests;
    bool failed = false;
    for (const Environment& environment : all) {
      const std::string digest = digest_of(options.programs.front(), environment, scenario, canary);
      failed = failed || !is_digest(digest);
      if (digest != reference) digests.insert(digest);
    }
    const bool varies = canary == "startup" || digests.size() > 1;
    const bool found = !failed && !digests.empty() && varies;
    all_found = all_found && found;
    fmt::print("  {:<28}  {}\n", canary, found ? fmt::format("found: {} other digests", digests.size()) : "NOT FOUND");
    std::fflush(stdout);
  }
  return all_found;
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--quick") {
      options.quick = true;
    } else if (word == "--preload" && i + 1 < argc) {
      options.preload = argv[++i];
    } else if (word == "--canaries" && i + 1 < argc) {
      options.canaries = std::filesystem::absolute(argv[++i]).string();
    } else if (word == "--program" && i + 1 < argc) {
      const std::string named = argv[++i];
      const std::size_t equals = named.find('=');
      if (equals == std::string::npos) return false;
      options.programs.push_back({named.substr(0, equals), named.substr(equals + 1)});
    } else {
      options.scenarios.push_back(std::filesystem::absolute(word).string());
    }
  }
  return !options.preload.empty() && !options.programs.empty() && !options.scenarios.empty();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    fmt::print(stderr, "usage: determinism-matrix [--quick] --preload LIBRARY [--canaries SCENARIO] --program NAME=PATH ... SCENARIO...\n");
    return 2;
  }
  std::vector<Environment> possible;
  for (Environment& environment : environments(options)) {
    if (is_possible(environment)) possible.push_back(std::move(environment));
    else fmt::print("not possible here: {}\n", environment.name);
  }
  std::map<std::string, std::string> references;
  const bool equal = run_matrix(options, possible, references);
  const bool found = run_canaries(options, possible, references);
  return equal && found ? 0 : 1;
}

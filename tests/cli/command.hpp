#pragma once
// Running the built tandem, and a folder for what it writes.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "host/process.hpp"

namespace tandem::cli_test {

namespace fs = std::filesystem;

inline const std::string kBinary = TANDEM_BINARY;
inline const fs::path kSource = TANDEM_SOURCE_DIR;
inline const std::string kScenario = (kSource / "scenarios/rolling-update").string();

/// Runs a command in a folder ("" = here). No container engine is found, whatever the machine has.
inline host::ProcessResult run_in(const fs::path& folder, std::vector<std::string> command) {
  host::ProcessOptions options;
  if (!folder.empty()) command.insert(command.begin(), {"env", "-C", folder.string()});
  options.command = std::move(command);
  options.environment = {"DOCKER_HOST=unix:///nonexistent/docker.sock"};
  options.timeout = seconds(100);
  const auto done = host::run_process(options);
  if (!done) {
    ADD_FAILURE() << to_string(done.error());
    return {};
  }
  return *done;
}

inline host::ProcessResult tandem(std::vector<std::string> arguments, const fs::path& folder = {}) {
  arguments.insert(arguments.begin(), kBinary);
  return run_in(folder, std::move(arguments));
}

inline std::string read_text(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

inline nlohmann::json read_json(const fs::path& path) { return nlohmann::json::parse(read_text(path), nullptr, false); }
inline void write_text(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

/// Every verb that `tandem --help` lists.
inline std::vector<std::string> verbs() {
  std::istringstream lines(tandem({"--help"}).output);
  std::vector<std::string> names;
  bool in_list = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "Commands:") in_list = true;
    else if (in_list && line.starts_with("  ")) names.push_back(line.substr(2, line.find(' ', 2) - 2));
    else if (in_list) break;
  }
  return names;
}

class CommandTest : public ::testing::Test {
 protected:
  CommandTest() {
    std::string pattern = (fs::temp_directory_path() / "tandem-cli-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~CommandTest() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  /// A recording of the shipped scenario; its folder.
  fs::path record(const std::string& name, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"run", kScenario, "-q", "-o", (folder_ / name).string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const host::ProcessResult done = tandem(arguments);
    EXPECT_EQ(done.exit_code, 0) << done.errors;
    return folder_ / name;
  }

  fs::path folder_;
};

}  // namespace tandem::cli_test

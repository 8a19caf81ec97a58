#include "tests/real/second_engine.hpp"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "core/base/parse.hpp"
#include "core/base/text.hpp"
#include "host/files.hpp"

namespace tandem::docker {

namespace {

/// "$@" is dockerd with its options: no bridge of its own and no packet filter rules, which are the machine's engine's.
constexpr const char* kScript = R"(log=$1; shift; exec "$@" >>"$log" 2>&1)";

}  // namespace

std::string SecondEngine::refusal() {
  if (geteuid() != 0) return "a second engine needs root";
  if (host::find_program("dockerd").empty()) return "there is no dockerd here";
  return {};
}

SecondEngine::SecondEngine(std::string folder) : folder_(std::move(folder)), socket_(folder_ + "/engine.sock") {
  static_cast<void>(host::ensure_directory(folder_));
}

bool SecondEngine::start() {
  host::ProcessOptions options;
  options.command = {"/bin/sh", "-c", kScript, "sh", folder_ + "/log", host::find_program("dockerd"), "--host", docker_host(), "--data-root", folder_ + "/data",
                     "--exec-root", folder_ + "/exec", "--pidfile", folder_ + "/pid", "--bridge", "none", "--iptables=false", "--ip-masq=false",
                     "--ip-forward=false", "--userland-proxy=false"};
  options.timeout = seconds(3600);
  thread_ = std::thread([options] { static_cast<void>(host::run_process(options)); });
  EngineClient client(address(), nullptr);
  for (int i = 0; i < 600; ++i) {
    if (client.connect()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return false;
}

void SecondEngine::signal(int number) {
  const auto pid = parse_int(trim(host::read_file(folder_ + "/pid", 100).value_or("")));
  // The pid in the file is dockerd's as long as our thread waits for it.
  if (pid && thread_.joinable()) ::kill(static_cast<pid_t>(*pid), number);
}

void SecondEngine::kill() {
  signal(SIGKILL);
  if (thread_.joinable()) thread_.join();
  host::remove_file(folder_ + "/pid");
}

std::string SecondEngine::log() const {
  const std::string text = host::read_file(folder_ + "/log", 64 << 20).value_or("");
  return text.size() > 3000 ? text.substr(text.size() - 3000) : text;
}

SecondEngine::~SecondEngine() {
  signal(SIGTERM);
  if (thread_.joinable()) thread_.join();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace tandem::docker

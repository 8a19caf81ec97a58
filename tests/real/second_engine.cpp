#include "tests/real/second_engine.hpp"

#include <signal.h>
#include <sys/mount.h>
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

SecondEngine::SecondEngine(std::string folder, std::string storage_driver)
    : folder_(std::move(folder)), storage_driver_(std::move(storage_driver)), socket_(folder_ + "/engine.sock") {
  static_cast<void>(host::ensure_directory(folder_));
  // The machine's own configuration is not for this one.
  static_cast<void>(host::replace_file(folder_ + "/daemon.json", "{}\n"));
}

bool SecondEngine::start() {
  host::ProcessOptions options;
  options.command = {"/bin/sh", "-c", kScript, "sh", folder_ + "/log", host::find_program("dockerd"), "--config-file", folder_ + "/daemon.json",
                     "--host", docker_host(), "--storage-driver", storage_driver_, "--data-root", folder_ + "/data", "--exec-root", folder_ + "/exec", "--pidfile", folder_ + "/pid", "--bridge", "none", "--iptables=false", "--ip-masq=false",
                     "--ip-forward=false", "--userland-proxy=false"};
  options.timeout = seconds(3600);
  ended_ = false;
  thread_ = std::thread([this, options] {
    static_cast<void>(host::run_process(options));
    ended_ = true;
  });
  EngineClient client(address(), nullptr);
  for (int i = 0; i < 600 && !ended_; ++i) {
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
  end_programs("containerd", false);
  host::remove_file(folder_ + "/pid");
  // Where init is slow to reap, the dead containerd still has a process number, and dockerd would wait for it to answer.
  host::remove_file(folder_ + "/exec/containerd/containerd.pid");
}

void SecondEngine::end_programs(const std::string& name, bool with_children) const {
  const auto end = [](const std::string& pid) {
    ::kill(static_cast<pid_t>(parse_int(pid).value()), SIGKILL);
    while (host::exists("/proc/" + pid) && host::read_file("/proc/" + pid + "/cmdline", 1 << 16).value_or("") != "") usleep(10'000);
  };
  for (const std::string& pid : host::list_directory("/proc")) {
    if (!parse_int(pid)) continue;
    const std::string command = host::read_file("/proc/" + pid + "/cmdline", 1 << 16).value_or("");
    const std::string program = command.substr(0, command.find('\0'));
    if (!program.ends_with(name) || command.find(folder_ + "/") == std::string::npos) continue;
    if (with_children) {
      for (const std::string& thread : host::list_directory("/proc/" + pid + "/task")) {
        const std::string children = host::read_file("/proc/" + pid + "/task/" + thread + "/children", 1 << 16).value_or("");
        for (const std::string& child : split(trim(children), ' ')) {
          if (parse_int(child)) end(child);
        }
      }
    }
    end(pid);
  }
}

void SecondEngine::remove_objects() {
  EngineClient client(address(), nullptr);
  for (const ContainerInfo& container : client.run(api::list_containers("tandem.run")).value_or(std::vector<ContainerInfo>())) {
    static_cast<void>(client.run(api::remove_container(container.id)));
  }
  for (const NetworkInfo& network : client.run(api::list_networks("tandem.run")).value_or(std::vector<NetworkInfo>())) {
    static_cast<void>(client.run(api::remove_network(network.id)));
  }
}

std::string SecondEngine::log() const {
  const std::string text = host::read_file(folder_ + "/log", 64 << 20).value_or("");
  return text.size() > 3000 ? text.substr(text.size() - 3000) : text;
}

SecondEngine::~SecondEngine() {
  remove_objects();
  signal(SIGTERM);
  if (thread_.joinable()) thread_.join();
  // Nothing of this is left if the engine could end in peace.
  end_programs("containerd", false);
  end_programs("containerd-shim-runc-v2", true);
  std::vector<std::string> mounts;
  for (const std::string& line : split(host::read_file("/proc/self/mounts", 1 << 20).value_or(""), '\n')) {
    const std::vector<std::string> words = split(line, ' ');
    if (words.size() > 1 && words[1].starts_with(folder_ + "/")) mounts.push_back(words[1]);
  }
  for (auto mount = mounts.rbegin(); mount != mounts.rend(); ++mount) ::umount2(mount->c_str(), MNT_DETACH);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace tandem::docker

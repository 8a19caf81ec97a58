#pragma once
// A container engine for tests: the part of the Docker Engine API 1.41 that Tandem uses, in memory, on a unix socket, with
// everything that can go wrong on demand.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "real/docker/engine_client.hpp"
#include "real/engine/run_identity.hpp"
#include "tests/unit/host/http_test_server.hpp"

namespace tandem::docker {

using testing::ServedAnswer;
using testing::ServedRequest;

/// Replaces or disturbs answers.
struct Injection {
  std::string method = {};        ///< empty = every one
  std::string path = {};          ///< part of the path without version; empty = every one
  int skip = 0;                   ///< matching requests that are let through first
  int times = 1;                  ///< how often; -1 = always
  bool perform = false;           ///< the engine does what was asked before the answer is replaced
  bool keep_answer = false;       ///< status and body stay the engine's own; delay, cut and dripping are the injection's
  ServedAnswer answer = {};
};

class FakeEngine {
 public:
  struct Object {
    std::string type;             ///< container, network, volume
    std::string id;
    std::string name;
    LabelMap labels;
    std::string network;          ///< of a container
    bool running = false;
    std::chrono::steady_clock::time_point visible_at;
  };

  explicit FakeEngine(std::string socket_path);
  ~FakeEngine();
  FakeEngine(const FakeEngine&) = delete;
  FakeEngine& operator=(const FakeEngine&) = delete;

  [[nodiscard]] EngineAddress address() const { return {socket_path_, "http://engine"}; }

  /// As if the engine's process died and came back: what exists stays.
  void stop();
  void start();

  /// Puts something there behind the client's back. It is seen only after `delay`, as when a dead client's request is
  /// completed late (hardening C4). → id
  std::string add(const std::string& type, const std::string& name, const LabelMap& labels,
                  std::chrono::milliseconds delay = std::chrono::milliseconds(0), bool running = false);
  [[nodiscard]] std::vector<Object> objects() const;
  [[nodiscard]] std::vector<std::string> names() const;  ///< of all objects, sorted

  void inject(Injection injection);
  /// Creates take effect this much later than they are asked for, whether the client waits or not.
  void delay_creates(std::chrono::milliseconds delay) { create_delay_ = delay; }
  void set_api_version(std::string version) { api_version_ = std::move(version); }

  enum class Moment : std::uint8_t { BeforeSend, AfterSend, AfterReply };
  /// Called around every request with its number from 1 on: before it is carried out, before it is answered, after.
  void set_observer(std::function<void(int number, Moment moment)> observer) {
    const std::lock_guard lock(mutex_);
    observer_ = std::move(observer);
  }

  /// "METHOD /path?query" without version, in order.
  [[nodiscard]] std::vector<std::string> requests() const;
  [[nodiscard]] std::size_t count(std::string_view part) const;  ///< requests that contain `part`

 private:
  ServedAnswer serve(const ServedRequest& request);
  /// Nothing if no injection applies.
  bool injected(const ServedRequest& request, const std::string& path, ServedAnswer& answer);
  ServedAnswer perform(const ServedRequest& request, const std::string& path);
  ServedAnswer create(const std::string& type, const std::string& name, const nlohmann::json& body);
  ServedAnswer list(const std::string& type, const std::string& path);
  ServedAnswer act(const ServedRequest& request, const std::string& type, const std::string& id, const std::string& verb);
  ServedAnswer remove(std::vector<Object>::iterator object);
  std::vector<Object>::iterator find(const std::string& type, const std::string& id_or_name);

  std::string socket_path_;
  mutable std::mutex mutex_;
  std::vector<Object> objects_;
  std::vector<Injection> injections_;
  std::vector<std::string> requests_;
  std::function<void(int, Moment)> observer_;
  std::chrono::milliseconds create_delay_{0};
  std::string api_version_ = "1.41";
  int last_id_ = 0;
  std::unique_ptr<testing::HttpTestServer> server_;
};

}  // namespace tandem::docker

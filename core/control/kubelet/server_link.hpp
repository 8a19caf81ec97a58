#pragma once
// A kubelet's connection to the API server, which a network partition cuts.

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/cluster/api_server.hpp"

namespace tandem::control::kubelet {

/// Calls like ApiClient's. While the link is cut nothing is sent: calls wait, and start in their order as soon as it is whole. Of
/// several patches of one object only the last waits, since each carries everything that the kubelet has to say about it
/// (the status manager's syncBatch sends the latest status).
class ServerLink {
 public:
  explicit ServerLink(cluster::ApiServer& server) : client_(server, "kubelet", server.profile().kubelet_limit) {}
  ServerLink(const ServerLink&) = delete;
  ServerLink& operator=(const ServerLink&) = delete;

  /// Whether the link is whole now: it is at first.
  [[nodiscard]] bool connected() const { return connected_; }
  void set_connected(bool connected) {
    connected_ = connected;
    while (connected_ && !waiting_.empty()) {
      // Taken off first: with the instant profile an answer may come, and call again, before the call returns.
      const std::function<void()> call = std::move(waiting_.front().call);
      waiting_.erase(waiting_.begin());
      call();
    }
  }

  template <class T>
  void event(const T& object, std::string_view type, std::string_view reason, std::string message) {
    if (connected_) return client_.event(object, type, reason, std::move(message));
    wait({}, [this, object, type = std::string(type), reason = std::string(reason), message = std::move(message)] {
      client_.event(object, type, reason, message);
    });
  }
  template <class T>
  void patch(cluster::ObjectKey key, std::function<void(T&)> edit, cluster::ApiClient::Answer<T> answer) {
    if (connected_) return client_.patch<T>(std::move(key), std::move(edit), std::move(answer));
    // Only pods have a namespace here, only nodes have none.
    std::string object = to_string(key);
    std::erase_if(waiting_, [&](const Waiting& call) { return call.patched == object; });
    wait(std::move(object), [this, key = std::move(key), edit = std::move(edit), answer = std::move(answer)] { client_.patch<T>(key, edit, answer); });
  }
  template <class T>
  void remove(cluster::ObjectKey key, cluster::DeleteOptions options, cluster::ApiClient::Answer<T> answer) {
    if (connected_) return client_.remove<T>(std::move(key), std::move(options), std::move(answer));
    wait({}, [this, key = std::move(key), options = std::move(options), answer = std::move(answer)] { client_.remove<T>(key, options, answer); });
  }

 private:
  struct Waiting {
    std::string patched;  ///< the object of a patch; empty for other calls
    std::function<void()> call;
  };
  void wait(std::string patched, std::function<void()> call) { waiting_.push_back({std::move(patched), std::move(call)}); }

  cluster::ApiClient client_;
  bool connected_ = true;
  std::vector<Waiting> waiting_;
};

}  // namespace tandem::control::kubelet

#pragma once
// A small HTTP server on a unix socket for tests: answers what a handler says, slowly, cut off or not at all if asked to.

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tandem::testing {

struct ServedRequest {
  std::string method;
  std::string target;  ///< path with query
  std::string body;
};

struct ServedAnswer {
  int status = 200;
  std::string body = {};
  int delay_ms = 0;
  /// Bytes of the whole answer that are sent before the connection is cut; -1 = all of it.
  int cut_after = -1;
  /// Written in pieces of one byte each.
  bool dripping = false;
  /// Called once the answer has been sent.
  std::function<void()> sent = {};
};

class HttpTestServer {
 public:
  using Handler = std::function<ServedAnswer(const ServedRequest&)>;

  HttpTestServer(std::string socket_path, Handler handler) : path_(std::move(socket_path)), handler_(std::move(handler)) {
    ::unlink(path_.c_str());
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener_, 64) != 0) std::abort();
    acceptor_ = std::thread([this] { accept_loop(); });
  }

  ~HttpTestServer() {
    stopping_ = true;
    acceptor_.join();
    for (std::thread& thread : connections_) thread.join();
    ::close(listener_);
    ::unlink(path_.c_str());
  }

  [[nodiscard]] const std::string& path() const { return path_; }

  /// Everything asked so far, as "METHOD target".
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  bool readable(int file) const {
    while (!stopping_) {
      pollfd entry{file, POLLIN, 0};
      if (::poll(&entry, 1, 20) > 0) return true;
    }
    return false;
  }

  void accept_loop() {
    while (readable(listener_)) {
      const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection >= 0) connections_.emplace_back([this, connection] { serve(connection); });
    }
  }

  void serve(int connection) {
    std::string received;
    char buffer[8192];
    bool open = true;
    while (open && readable(connection)) {
      const ssize_t size = ::recv(connection, buffer, sizeof buffer, 0);
      if (size <= 0) break;
      received.append(buffer, static_cast<std::size_t>(size));
      while (open && received.find("\r\n\r\n") != std::string::npos) {
        const std::size_t head = received.find("\r\n\r\n") + 4;
        const std::size_t mark = received.find("Content-Length: ");
        const std::size_t length = mark < head ? std::stoul(received.substr(mark + 16)) : 0;
        if (received.size() < head + length) break;
        open = answer(connection, received.substr(0, head), received.substr(head, length));
        received.erase(0, head + length);
      }
    }
    ::close(connection);
  }

  bool answer(int connection, const std::string& head, std::string body) {
    ServedRequest request;
    const std::size_t first = head.find(' ');
    const std::size_t second = head.find(' ', first + 1);
    request.method = head.substr(0, first);
    request.target = head.substr(first + 1, second - first - 1);
    request.body = std::move(body);
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request.method + " " + request.target);
    }
    const ServedAnswer answer = handler_(request);
    for (int waited = 0; waited < answer.delay_ms && !stopping_; waited += 10) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " Status\r\nContent-Type: application/json\r\nContent-Length: " +
                       std::to_string(answer.body.size()) + "\r\n\r\n" + answer.body;
    if (answer.cut_after >= 0) text.resize(static_cast<std::size_t>(answer.cut_after));
    const std::size_t piece = answer.dripping ? 1 : text.size();
    for (std::size_t at = 0; at < text.size(); at += piece) {
      if (::send(connection, text.data() + at, std::min(piece, text.size() - at), MSG_NOSIGNAL) < 0) return false;
    }
    if (answer.sent) answer.sent();
    return answer.cut_after < 0;
  }

  std::string path_;
  Handler handler_;
  int listener_ = -1;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread acceptor_;
  std::vector<std::thread> connections_;
};

}  // namespace tandem::testing

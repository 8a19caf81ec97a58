// AsyncHttp: libcurl's multi interface on a Reactor (the "multi_socket" way: curl says which sockets and which time-out it
// waits for, we tell it when they are due).

#include <curl/curl.h>

#include <unordered_map>
#include <utility>

#include "host/curl_exchange.hpp"
#include "host/http.hpp"

namespace tandem::host {

struct AsyncHttp::State {
  struct Exchange {
    std::unique_ptr<CurlExchange> curl;
    std::function<void(HttpResult)> done;
    Ticket ticket = 0;
  };

  explicit State(Reactor& with) : reactor(with) {
    initialise_curl();
    multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &State::on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &State::on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
    // Connections to the engine that wait for the next call; waiting streams keep theirs busy anyway.
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 16L);
  }
  ~State() {
    for (auto& [easy, exchange] : exchanges) {
      curl_multi_remove_handle(multi, easy);
      exchange.curl.reset();
      curl_easy_cleanup(easy);
    }
    for (CURL* easy : spare) curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
    if (timer != 0) reactor.cancel_delay(timer);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
    auto& state = *static_cast<State*>(self);
    if (what == CURL_POLL_REMOVE) {
      state.reactor.unwatch(socket);
      return 0;
    }
    const unsigned interest = ((what & CURL_POLL_IN) != 0 ? Reactor::kReadable : 0U) | ((what & CURL_POLL_OUT) != 0 ? Reactor::kWritable : 0U);
    state.reactor.watch(socket, interest, [&state, socket](unsigned ready) {
      const int flags = ((ready & Reactor::kReadable) != 0 ? CURL_CSELECT_IN : 0) | ((ready & Reactor::kWritable) != 0 ? CURL_CSELECT_OUT : 0);
      state.act(socket, flags);
    });
    return 0;
  }

  static int on_timer(CURLM*, long timeout_ms, void* self) {
    auto& state = *static_cast<State*>(self);
    if (state.timer != 0) state.reactor.cancel_delay(std::exchange(state.timer, 0));
    if (timeout_ms >= 0) {
      state.timer = state.reactor.delay(std::int64_t{timeout_ms} * 1'000'000, [&state] {
        state.timer = 0;
        state.act(CURL_SOCKET_TIMEOUT, 0);
      });
    }
    return 0;
  }

  void act(curl_socket_t socket, int flags) {
    int running = 0;
    curl_multi_socket_action(multi, socket, flags, &running);
    collect();
  }

  /// Hands out what has ended. A callback may start and cancel exchanges, so nothing is held across it.
  void collect() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* const easy = message->easy_handle;
      const CURLcode code = message->data.result;
      auto node = exchanges.extract(easy);
      tickets.erase(node.mapped().ticket);
      curl_multi_remove_handle(multi, easy);
      HttpResult result = node.mapped().curl->result(code);
      node.mapped().curl.reset();
      retire(easy);
      node.mapped().done(std::move(result));
    }
  }

  void retire(CURL* easy) {
    if (spare.size() < 32) {
      spare.push_back(easy);
    } else {
      curl_easy_cleanup(easy);
    }
  }

  CURL* take_handle() {
    if (spare.empty()) return curl_easy_init();
    CURL* const easy = spare.back();
    spare.pop_back();
    return easy;
  }

  Reactor& reactor;
  CURLM* multi = nullptr;
  std::uint64_t timer = 0;
  Ticket last_ticket = 0;
  std::unordered_map<CURL*, Exchange> exchanges;
  std::unordered_map<Ticket, CURL*> tickets;
  std::vector<CURL*> spare;
};

AsyncHttp::AsyncHttp(Reactor& reactor) : state_(std::make_unique<State>(reactor)) {}
AsyncHttp::~AsyncHttp() = default;

AsyncHttp::Ticket AsyncHttp::send(HttpRequest request, std::function<void(HttpResult)> done) {
  CURL* const easy = state_->take_handle();
  const Ticket ticket = ++state_->last_ticket;
  auto curl = std::make_unique<CurlExchange>(easy, std::move(request));
  state_->exchanges.emplace(easy, State::Exchange{std::move(curl), std::move(done), ticket});
  state_->tickets.emplace(ticket, easy);
  curl_multi_add_handle(state_->multi, easy);  // curl asks for a time-out of 0, so the work begins in the loop
  return ticket;
}

bool AsyncHttp::cancel(Ticket ticket) {
  const auto found = state_->tickets.find(ticket);
  if (found == state_->tickets.end()) return false;
  CURL* const easy = found->second;
  state_->tickets.erase(found);
  curl_multi_remove_handle(state_->multi, easy);
  state_->exchanges.erase(easy);
  state_->retire(easy);
  return true;
}

std::size_t AsyncHttp::in_progress() const { return state_->exchanges.size(); }

}  // namespace tandem::host

#include "sim/engine/simgrid_network.hpp"

#include <signal.h>

#include <array>
#include <cmath>
#include <set>
#include <simgrid/s4u.hpp>
#include <simgrid/version.h>
#include <string>
#include <unordered_map>
#include <utility>
#include <xbt/log.h>

#include "core/base/check.hpp"

namespace tandem::sim {

namespace {

namespace s4u = simgrid::s4u;

/// What SimGrid calls back, and whether it was ever started. SimGrid's own state is global and cannot be reset, so this
/// cannot be a member; it is hidden in this file (style-anchors §10, §11.3).
struct ProcessWide {
  bool used = false;
  std::function<void(const s4u::Activity&)> on_completion;
};
ProcessWide& process_wide() {
  static ProcessWide state;
  return state;
}

/// The two places where simulated time crosses into SimGrid's doubles and back. Exact to the nanosecond up to 2^52 ns
/// (52 days): both roundings together stay below half a nanosecond.
double to_simgrid(SimTime time) { return static_cast<double>(time.ns) / 1e9; }
SimTime from_simgrid(double seconds) { return SimTime{static_cast<std::int64_t>(std::llround(seconds * 1e9))}; }

/// A host that is cut off keeps this bandwidth in bytes per second: with 0 SimGrid would let its flows go on as if nothing
/// had happened (style-anchors §11.6).
constexpr double kDisconnectedBandwidth = 1e-3;

/// SimGrid's constructor takes SIGINT and SIGSEGV for itself; Ctrl-C is the command line's.
class KeepSignalHandlers {
 public:
  KeepSignalHandlers() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], nullptr, &saved_[i]);
  }
  ~KeepSignalHandlers() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &saved_[i], nullptr);
  }
  KeepSignalHandlers(const KeepSignalHandlers&) = delete;
  KeepSignalHandlers& operator=(const KeepSignalHandlers&) = delete;

 private:
  static constexpr std::array<int, 3> kSignals{SIGINT, SIGSEGV, SIGPIPE};
  std::array<struct sigaction, 3> saved_{};
};

class SimGridNetwork final : public BulkNetwork {
 public:
  explicit SimGridNetwork(Topology topology)
      : topology_(std::move(topology)), connected_(topology_.size(), true), hosts_(topology_.size(), nullptr) {}
  ~SimGridNetwork() override {
    if (engine_ != nullptr) {
      process_wide().on_completion = nullptr;
      s4u::Activity::set_vetoed_activities(nullptr);
    }
  }
  SimGridNetwork(const SimGridNetwork&) = delete;
  SimGridNetwork& operator=(const SimGridNetwork&) = delete;

  void start(SimTime now, TransferId id, NetworkNode from, NetworkNode to, std::int64_t bytes) override {
    if (engine_ == nullptr) start_simgrid();
    move_clock(now);
    s4u::Host* source = host(from);
    s4u::Host* destination = host(to);
    s4u::CommPtr comm = s4u::Comm::sendto_init(source, destination);
    comm->set_payload_size(static_cast<std::uint64_t>(bytes));
    comm->set_name("transfer " + std::to_string(static_cast<std::uint64_t>(id)));
    // Held until after completion: SimGrid frees what nobody holds (style-anchors §11.5).
    live_.emplace(comm.get(), Live{id, comm});
    comm->start();
  }

  [[nodiscard]] std::size_t live() const override { return live_.size(); }

  SimTime advance(SimTime limit, std::vector<TransferId>& completed) override {
    move_clock(limit);
    if (ended_.empty()) return limit;
    const SimTime reached = from_simgrid(s4u::Engine::get_clock());
    for (const s4u::Activity* activity : ended_) {
      const auto found = live_.find(activity);
      completed.push_back(found->second.id);
      live_.erase(found);
    }
    ended_.clear();
    return std::min(reached, limit);
  }

  void set_connected(SimTime now, NetworkNode node, bool connected) override {
    const auto index = static_cast<std::size_t>(node);
    if (connected_[index] == connected) return;
    connected_[index] = connected;
    if (engine_ == nullptr) return;
    move_clock(now);
    apply_connection(index);
  }

 private:
  struct Live {
    TransferId id;
    s4u::CommPtr comm;
  };

  s4u::Host* host(NetworkNode node) const {
    s4u::Host* found = hosts_.at(static_cast<std::size_t>(node));
    CHECK(found != nullptr, "a transfer from or to a switch");
    return found;
  }

  /// Runs SimGrid to `time`, or to the first completion on the way. run_until() may return up to 10 µs early, with
  /// something still due in between (style-anchors §11.3): asked again, it goes on from there.
  void move_clock(SimTime time) {
    const double target = to_simgrid(time);
    stop_.clear();
    while (stop_.empty() && s4u::Engine::get_clock() < target) engine_->run_until(target);
  }

  void completed(const s4u::Activity& activity) {
    if (!live_.contains(&activity)) return;
    CHECK(activity.get_state() == s4u::Activity::State::FINISHED, "a bulk transfer failed inside SimGrid");
    ended_.push_back(&activity);
    // run_until() ends after the current instant once the set of vetoed activities has a member. Nothing of ours is ever
    // vetoed, so this is how a completion stops the clock.
    stop_.insert(const_cast<s4u::Activity*>(&activity));
  }

  void start_simgrid() {
    CHECK(!std::exchange(process_wide().used, true), "SimGrid allows one simulation with bulk transfers in a process");
    const KeepSignalHandlers keep;
    xbt_log_control_set("root.thresh:error");
    engine_ = std::make_unique<s4u::Engine>("tandem");
    // Before the first zone, or SimGrid refuses them.
    for (const char* setting : {"network/model:CM02", "network/crosstraffic:0", "network/TCP-gamma:0", "surf/precision:1e-12",
                                "maxmin/precision:1e-9", "contexts/nthreads:1"}) {
      s4u::Engine::set_config(std::string(setting));
    }
    build_platform();
    engine_->track_vetoed_activities(&stop_);
    process_wide().on_completion = [this](const s4u::Activity& activity) { completed(activity); };
    s4u::Activity::on_completion_cb([](const s4u::Activity& activity) {
      if (process_wide().on_completion) process_wide().on_completion(activity);
    });
    for (std::size_t index = 0; index < connected_.size(); ++index) {
      if (!connected_[index]) apply_connection(index);
    }
  }

  void build_platform() {
    const Topology::Graph& graph = topology_.graph();
    s4u::NetZone* zone = s4u::create_dijkstra_zone("cluster", true);
    std::vector<simgrid::kernel::routing::NetPoint*> points;
    for (std::size_t vertex = 0; vertex < topology_.size(); ++vertex) {
      // Names are ours twice over: SimGrid's hosts, routers and links share one name space with its zones.
      const std::string name = "node " + std::to_string(vertex);
      if (graph[vertex].is_switch) {
        points.push_back(zone->create_router(name));
      } else {
        hosts_[vertex] = zone->create_host(name, 1e9);
        hosts_[vertex]->seal();
        points.push_back(hosts_[vertex]->get_netpoint());
      }
    }
    links_.resize(topology_.size());
    const auto [first, last] = boost::edges(graph);
    std::size_t number = 0;
    for (auto edge = first; edge != last; ++edge) {
      const std::size_t a = boost::source(*edge, graph);
      const std::size_t b = boost::target(*edge, graph);
      const TopologyLink& link = graph[*edge];
      s4u::SplitDuplexLink* made = zone->create_split_duplex_link("link " + std::to_string(number++), link.bandwidth);
      made->set_latency(static_cast<double>(link.latency.ns) / 1e9);
      made->seal();
      using Direction = s4u::LinkInRoute::Direction;
      zone->add_route(points[a], points[b], nullptr, nullptr, {s4u::LinkInRoute(made, Direction::UP)}, false);
      zone->add_route(points[b], points[a], nullptr, nullptr, {s4u::LinkInRoute(made, Direction::DOWN)}, false);
      links_[a].push_back({made, link.bandwidth});
      links_[b].push_back({made, link.bandwidth});
    }
    zone->seal();
  }

  void apply_connection(std::size_t vertex) {
    for (const auto& [link, bandwidth] : links_[vertex]) {
      const double now = connected_[vertex] ? bandwidth : kDisconnectedBandwidth;
      link->get_link_up()->set_bandwidth(now);
      link->get_link_down()->set_bandwidth(now);
    }
  }

  Topology topology_;
  std::vector<bool> connected_;  ///< by vertex
  std::unique_ptr<s4u::Engine> engine_;
  std::vector<s4u::Host*> hosts_;  ///< by vertex; null for switches
  std::vector<std::vector<std::pair<s4u::SplitDuplexLink*, double>>> links_;  ///< by vertex, with their full bandwidth
  std::unordered_map<const s4u::Activity*, Live> live_;  ///< look-up only
  std::vector<const s4u::Activity*> ended_;
  std::set<s4u::Activity*> stop_;
};

}  // namespace

std::unique_ptr<BulkNetwork> make_simgrid_network(Topology topology) {
  return std::make_unique<SimGridNetwork>(std::move(topology));
}

std::string simgrid_version() {
  int major = 0;
  int minor = 0;
  int patch = 0;
  sg_version_get(&major, &minor, &patch);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

bool simgrid_is_free() { return !process_wide().used; }

}  // namespace tandem::sim

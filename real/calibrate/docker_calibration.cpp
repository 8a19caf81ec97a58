#include "real/calibrate/docker_calibration.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/parse.hpp"
#include "core/base/text.hpp"
#include "docker/protocol/workload_config.hpp"
#include "host/wall_clock.hpp"

namespace tandem::calibrate {

namespace {

constexpr const char* kNode = "calibration";
constexpr const char* kImage = "calibration:1";
constexpr const char* kService = "default/calibration";
constexpr std::int32_t kPort = 80;
constexpr SimDuration kBusyDemand = milliseconds(2);
constexpr int kSpeedRuns = 3;
constexpr int kPodLives = 10;
constexpr int kProbesPerLife = 3;
constexpr int kConnects = 200;
constexpr int kReloads = 8;
constexpr double kRate = 100;                    // far below what saturates anything
constexpr SimDuration kPhase = seconds(5);
constexpr SimDuration kPause = milliseconds(500);  // between phases: their CPU times must not mix
constexpr std::int64_t kPatienceNs = 60'000'000'000;

/// Where in the minute each part ends, for the progress line.
constexpr double kSpeedEnds = 0.05;
constexpr double kContainersEnd = 0.40;
constexpr double kPathEnds = 0.90;

/// The four phases of test traffic in their order: source name, through the balancer?, busy?
struct Phase {
  const char* name;
  bool balanced;
  bool busy;
};
constexpr Phase kPhases[] = {{"direct-idle", false, false}, {"balanced-idle", true, false}, {"direct-busy", false, true}, {"balanced-busy", true, true}};

}  // namespace

scenario::Scenario calibration_scenario() {
  scenario::Scenario scenario;
  scenario.name = "calibration";
  scenario.horizon = seconds(60);
  scenario::NodeSpec node;
  node.name = kNode;
  scenario.cluster.nodes = {node};
  scenario::ImageSpec image;
  image.reference = kImage;
  scenario::RouteSpec idle;
  idle.pattern = "/";
  idle.body = "Hello from {pod}\n";
  scenario::RouteSpec busy = idle;
  busy.pattern = "/busy";
  busy.cpu = kBusyDemand;
  image.routes = {idle, busy};
  scenario.images.emplace(kImage, image);
  SimDuration from = milliseconds(300);
  for (const Phase& phase : kPhases) {
    scenario::TrafficSpec traffic;
    traffic.name = phase.name;
    traffic.service = "calibration";
    traffic.route = phase.busy ? "/busy" : "/";
    traffic.arrivals = scenario::ArrivalKind::Constant;  // evenly spaced: no request waits for another
    traffic.rate = kRate;
    traffic.from = from;
    traffic.until = from + kPhase;
    from = traffic.until + kPause;
    scenario.traffic.push_back(traffic);
  }
  return scenario;
}

DockerCalibration::DockerCalibration(docker::Testbed& testbed, std::function<void(const std::string&, double)> progress)
    : testbed_(testbed), progress_(std::move(progress)) {
  testbed_.nodes().set_timing_listener([this](const char* step, const control::PodIdentity&, SimDuration took) {
    timings_[step].push_back(to_milliseconds(took));
  });
  testbed_.nodes().set_exit_listener([this](const control::ContainerExited& exit) {
    std::erase_if(containers_, [&](const auto& entry) { return entry.second == exit.container_id; });
  });
}

control::PodIdentity DockerCalibration::identity(int number) const {
  const auto range = control::Ipv4Range::parse(testbed_.scenario().cluster.pod_subnet);
  const std::uint32_t first = range ? range->first : 0;
  return {fmt::format("calibration-{}", number), "default", fmt::format("calibration-{}", number), kNode,
          control::ipv4_text(first + 2 + static_cast<std::uint32_t>(number))};
}

Status DockerCalibration::wait_until(const std::function<bool()>& done, const std::string& what) {
  const bool in_time = testbed_.loop().run_while([&] { return !done() && !testbed_.cancelled(); }, kPatienceNs);
  if (testbed_.cancelled()) return fail(ErrorCode::Interrupted, "the calibration was interrupted");
  if (!in_time) return fail(ErrorCode::EngineTimeout, what + " took too long");
  return {};
}

Status DockerCalibration::await(const std::string& what, const std::function<void(std::function<void(Status)>)>& start) {
  auto answer = std::make_shared<std::optional<Status>>();
  start([answer](Status status) { *answer = std::move(status); });
  TANDEM_TRY(wait_until([answer] { return answer->has_value(); }, what));
  return std::move(**answer);
}

// ---------------------------------------------------------------- CPU speed

Status DockerCalibration::measure_cpu_speed() {
  std::vector<double> speeds;
  for (int run = 0; run < kSpeedRuns; ++run) {
    docker::ContainerSpec spec;
    spec.image = testbed_.workload_image();
    spec.command = {"speed", "300"};
    spec.cgroup_parent = testbed_.slices().parent_of(kNode);
    const auto id = testbed_.resources().create_container(spec, "speed");
    if (!id) return tl::unexpected(id.error());
    docker::EngineClient& engine = testbed_.engine();
    if (const auto started = engine.run(docker::api::start_container(*id)); !started) return tl::unexpected(started.error());
    if (const auto ended = engine.run(docker::api::wait_container(*id)); !ended) return tl::unexpected(ended.error());
    const auto output = engine.run(docker::api::container_logs(*id, 10));
    if (!output) return tl::unexpected(output.error());
    const auto speed = parse_number(trim(*output));
    if (!speed || *speed <= 0) return fail(make_error(ErrorCode::EngineRefused, "the speed measurement printed no number").with_found(*output));
    speeds.push_back(*speed);
  }
  // The fastest run is the one that was disturbed least.
  calibration_.cpu_speed = *std::max_element(speeds.begin(), speeds.end());
  return {};
}

// ---------------------------------------------------------------- life of pods

Status DockerCalibration::start_pod(const control::PodIdentity& pod) {
  TANDEM_TRY(await("making a sandbox", [&](std::function<void(Status)> done) { testbed_.nodes().create_sandbox(pod, std::move(done)); }));
  control::ContainerRequest request;
  request.pod = pod;
  request.container_name = "app";
  request.image = kImage;
  request.port = kPort;
  return await("starting a container", [&](const std::function<void(Status)>& done) {
    testbed_.nodes().start_container(request, [this, uid = pod.uid, done](const Result<control::ContainerStarted>& started) {
      if (started) containers_[uid] = started->container_id;
      done(started ? Status{} : Status(tl::unexpected(started.error())));
    });
  });
}

Status DockerCalibration::stop_pod(const control::PodIdentity& pod) {
  testbed_.nodes().stop_container(containers_.at(pod.uid), seconds(10));
  TANDEM_TRY(wait_until([&] { return containers_.count(pod.uid) == 0; }, "stopping a container"));
  return await("removing a sandbox", [&](std::function<void(Status)> done) { testbed_.nodes().remove_sandbox(pod, std::move(done)); });
}

Result<double> DockerCalibration::probe_ms(const control::PodIdentity& pod) {
  control::ProbeRequest request;
  request.pod = pod;
  request.container_id = containers_.at(pod.uid);
  request.port = kPort;
  const std::int64_t begin = host::monotonic_ns();
  TANDEM_TRY(await("a probe", [&](const std::function<void(Status)>& done) {
    testbed_.nodes().probe(request, [done](const control::ProbeOutcome& outcome) {
      if (outcome.result == control::ProbeResult::Success) done({});
      else done(fail(make_error(ErrorCode::EngineRefused, "a probe failed").with_found(outcome.message)));
    });
  }));
  return static_cast<double>(host::monotonic_ns() - begin) * 1e-6;
}

Status DockerCalibration::measure_containers() {
  std::vector<double> probes;
  for (int life = 0; life < kPodLives; ++life) {
    const control::PodIdentity pod = identity(life);
    TANDEM_TRY(start_pod(pod));
    // The process listens a moment after its start; a refused first probe is no measurement.
    Result<double> probe = probe_ms(pod);
    for (int patience = 0; !probe && patience < 50; ++patience) {
      if (probe.error().code == ErrorCode::Interrupted) return tl::unexpected(probe.error());
      ::usleep(10'000);
      probe = probe_ms(pod);
    }
    for (int i = 0; probe && i < kProbesPerLife; ++i) {
      probes.push_back(*probe);
      probe = probe_ms(pod);
    }
    if (!probe) return tl::unexpected(probe.error());
    TANDEM_TRY(stop_pod(pod));
    report(kSpeedEnds + (kContainersEnd - kSpeedEnds) * (life + 1) / kPodLives);
  }
  calibration_.sandbox_create = summarise(timings_["sandbox.create_ms"]);
  calibration_.container_create = summarise(timings_["container.create_ms"]);
  calibration_.container_start = summarise(timings_["container.start_ms"]);
  calibration_.container_stop = summarise(timings_["container.stop_ms"]);
  calibration_.probe = summarise(probes);
  return {};
}

// ---------------------------------------------------------------- the path of a request

Result<double> DockerCalibration::connect_ms(const std::string& address) {
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_port = htons(kPort);
  inet_pton(AF_INET, address.c_str(), &target.sin_addr);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const std::int64_t begin = host::monotonic_ns();
  const bool connected = ::connect(socket, reinterpret_cast<sockaddr*>(&target), sizeof target) == 0;
  const double took = static_cast<double>(host::monotonic_ns() - begin) * 1e-6;
  ::close(socket);
  if (!connected) return fail(ErrorCode::EngineRefused, "cannot connect to a replica");
  return took;
}

Result<std::string> DockerCalibration::cpu_group(const std::string& container_id) {
  const auto info = testbed_.engine().run(docker::api::inspect_container(container_id));
  if (!info) return tl::unexpected(info.error());
  std::string group = docker::NodeSlices::group_of(info->pid);
  if (group.empty()) return fail(ErrorCode::EngineCapability, "the control groups of containers cannot be read here");
  return group;
}

Status DockerCalibration::set_backends(Backends backends) {
  return await("a balancer reload", [&](std::function<void(Status)> done) {
    testbed_.balancers().set_backends(kService, std::move(backends), std::move(done));
  });
}

PhaseFacts& DockerCalibration::phase(std::size_t index) {
  PhaseFacts* const phases[] = {&path_.direct_idle, &path_.balanced_idle, &path_.direct_busy, &path_.balanced_busy};
  return *phases[index];
}

Status DockerCalibration::measure_round_trip(const control::PodIdentity& pod) {
  // The kernel answers a handshake without waking anybody: a bare round trip of the run's network.
  std::vector<double> round_trips;
  for (int i = 0; i < kConnects; ++i) {
    const auto took = connect_ms(pod.ip);
    if (!took) return tl::unexpected(took.error());
    round_trips.push_back(*took);
  }
  const scenario::Measured round_trip = summarise(round_trips);
  path_.round_trip_ms = round_trip.mean_ms;
  path_.round_trip_stddev_ms = round_trip.stddev_ms;
  path_.round_trip_samples = round_trip.samples;
  return {};
}

Status DockerCalibration::start_path(const control::PodIdentity& pod) {
  TANDEM_TRY(start_pod(pod));
  TANDEM_TRY(await("starting a balancer", [&](std::function<void(Status)> done) { testbed_.balancers().start(kService, {}, std::move(done)); }));
  TANDEM_TRY(set_backends({{pod.name, pod.ip, kPort, 1}}));
  // The same Service goes straight to the replica in the direct phases.
  testbed_.traffic().set_plan_edit([address = pod.ip](container::TrafficPlan& plan) {
    plan.balancers.push_back({{address, kPort}});
    for (std::size_t i = 0; i < std::size(kPhases); ++i) plan.sources[i].balancer = kPhases[i].balanced ? 0 : 1;
  });
  testbed_.loop().set_zero(host::monotonic_ns());
  return testbed_.traffic().start(testbed_.scenario(), [this](const record::RequestRecord& record) {
    if (record.outcome == record::RequestOutcome::Ok) phase(record.traffic).wall_ms.push_back(to_milliseconds(record.end - record.intended));
    else ++failed_requests_;
  });
}

Status DockerCalibration::run_phases(const control::PodIdentity& pod) {
  const scenario::Scenario& scenario = testbed_.scenario();
  // Read from the control groups: the engine's own statistics take half a second to answer.
  const auto replica = cpu_group(containers_.at(pod.uid));
  if (!replica) return tl::unexpected(replica.error());
  const auto balancer = cpu_group(testbed_.balancers().container_ids().at(0));
  if (!balancer) return tl::unexpected(balancer.error());
  const auto used_ms = [](const std::string& group) { return to_milliseconds(docker::NodeSlices::cpu_usage(group).value_or(docker::CpuUsage{}).used); };
  for (std::size_t i = 0; i < std::size(kPhases); ++i) {
    const double replica_before = used_ms(*replica);
    const double balancer_before = used_ms(*balancer);
    const SimTime ends = kTimeZero + scenario.traffic[i].until + kPause / 2;
    testbed_.loop().run_until(ends, [&] { return testbed_.cancelled(); });
    if (testbed_.cancelled()) return fail(ErrorCode::Interrupted, "the calibration was interrupted");
    phase(i).replica_cpu_ms = used_ms(*replica) - replica_before;
    phase(i).balancer_cpu_ms = used_ms(*balancer) - balancer_before;
    report(kContainersEnd + (kPathEnds - kContainersEnd) * static_cast<double>(i + 1) / static_cast<double>(std::size(kPhases)));
  }
  return testbed_.traffic().finish();
}

Status DockerCalibration::measure_path() {
  const control::PodIdentity pod = identity(0);
  TANDEM_TRY(start_path(pod));
  TANDEM_TRY(measure_round_trip(pod));
  path_.demand_ms = to_milliseconds(kBusyDemand) / testbed_.cpu_speed();
  TANDEM_TRY(run_phases(pod));
  for (std::size_t i = 0; i < std::size(kPhases); ++i) {
    if (failed_requests_ == 0 && !phase(i).wall_ms.empty()) continue;
    return fail(make_error(ErrorCode::EngineRefused, "test requests failed").with_found(std::to_string(failed_requests_) + " without an answer"));
  }
  split_path(path_, calibration_);
  return {};
}

Status DockerCalibration::measure_reload() {
  // A second pod that only exists in the configuration: nothing is sent any more.
  const Backends one = {{"a", identity(0).ip, kPort, 1}};
  const Backends two = {{"a", identity(0).ip, kPort, 1}, {"b", identity(1).ip, kPort, 1}};
  std::vector<double> reloads;
  for (int i = 0; i < kReloads; ++i) {
    const std::int64_t begin = host::monotonic_ns();
    TANDEM_TRY(set_backends(i % 2 == 0 ? two : one));
    reloads.push_back(static_cast<double>(host::monotonic_ns() - begin) * 1e-6);
    report(kPathEnds + (1 - kPathEnds) * (i + 1) / kReloads);
  }
  calibration_.balancer_reload = summarise(reloads);
  return {};
}

Result<scenario::Calibration> DockerCalibration::run() {
  report(0);
  TANDEM_TRY(measure_cpu_speed());
  testbed_.set_cpu_speed(calibration_.cpu_speed);
  report(kSpeedEnds);
  TANDEM_TRY(measure_containers());
  TANDEM_TRY(measure_path());
  TANDEM_TRY(measure_reload());
  const docker::EngineInfo& engine = testbed_.engine_info();
  calibration_.name = "this-machine";
  calibration_.host_cores = static_cast<int>(engine.cpus);
  calibration_.provenance = fmt::format("measured on this machine: Docker {}, storage driver {}, {} v{}, {} cores", engine.version,
                                        engine.storage_driver, engine.cgroup_driver, engine.cgroup_version, engine.cpus);
  return calibration_;
}

}  // namespace tandem::calibrate

#include "real/docker/testbed.hpp"

#include <utility>

#include "real/docker/cleaner.hpp"
#include "real/docker/images.hpp"

namespace tandem::docker {

namespace {

/// How long creates in flight may take when a run ends early.
constexpr std::int64_t kSettleNs = 10'000'000'000;

}  // namespace

Testbed::Testbed(Options options) : options_(std::move(options)), engine_(options_.address, &loop_) {
  engine_.set_cancelled([this] { return cancelled(); });
}

Testbed::~Testbed() { static_cast<void>(destroy()); }

void Testbed::report(const std::string& step, double fraction) const {
  if (options_.progress) options_.progress(step, fraction);
}

Status Testbed::open() {
  TANDEM_TRY(take_engine());
  TANDEM_TRY(make_images());
  report("starting network and load generator");
  auto resources = RunResources::open(engine_, options_.scenario.horizon);
  if (!resources) return tl::unexpected(resources.error());
  resources_ = std::move(*resources);
  resources_->enter_phase("create");
  TANDEM_TRY(make_network());
  TANDEM_TRY(make_parts());
  return traffic_->prepare();
}

Status Testbed::take_engine() {
  auto info = engine_.connect();
  if (!info) return tl::unexpected(info.error());
  engine_info_ = std::move(*info);
  bool said = false;
  auto lock = EngineLock::take([&] {
    if (!std::exchange(said, true)) report("waiting for another Tandem run on this machine to end");
    return !cancelled();
  });
  if (!lock) return tl::unexpected(lock.error());
  lock_ = std::move(*lock);
  // Hardening C7: what runs left whose process is gone.
  CleanOptions orphans;
  orphans.on_removed = [this](const CleanedObject& object) { report("cleaning up after a run that died: removed " + object.type + " " + object.name); };
  orphans.cancelled = [this] { return cancelled(); };
  const auto cleaned = clean(engine_, orphans);
  if (!cleaned) return tl::unexpected(cleaned.error());
  if (!cleaned->survivors.empty()) return fail(leak_error(*cleaned));
  return {};
}

Status Testbed::make_images() {
  ImageStore images(engine_, [this](const std::string& step, double fraction) { report(step, fraction); }, [this] { return cancelled(); });
  auto workload = images.workload();
  if (!workload) return tl::unexpected(workload.error());
  workload_image_ = std::move(*workload);
  auto generator = images.load_generator();
  if (!generator) return tl::unexpected(generator.error());
  generator_image_ = std::move(*generator);
  if (options_.scenario.traffic.empty()) return {};
  auto nginx = images.nginx();
  if (!nginx) return tl::unexpected(nginx.error());
  nginx_image_ = std::move(*nginx);
  return {};
}

Status Testbed::make_network() {
  const auto networks = engine_.run(api::list_networks(""));
  if (!networks) return tl::unexpected(networks.error());
  scenario::ClusterSpec& cluster = options_.scenario.cluster;
  Error last = make_error(ErrorCode::EngineNameTaken, "no free private address range for the run's network")
                   .with_hint("remove networks that are not needed: docker network ls, docker network rm");
  for (const std::string& candidate : subnet_candidates(cluster.pod_subnet, *networks, host_routes())) {
    auto plan = SubnetPlan::of(candidate, cluster.nodes.size());
    if (!plan) return tl::unexpected(plan.error());
    const auto network = resources_->create_network({{}, plan->subnet(), plan->gateway(), {}});
    if (network) {
      subnet_ = std::move(*plan);
      network_ = network->name;
      // Pods get their addresses from the control plane, which has not been built yet.
      cluster.pod_subnet = subnet_->subnet();
      return {};
    }
    last = network.error();
    if (last.code != ErrorCode::EngineNameTaken) break;  // only a taken range is worth another try
  }
  return fail(std::move(last));
}

Status Testbed::make_parts() {
  if (NodeSlices::refusal(engine_info_, !options_.address.unix_socket.empty()).empty()) {
    auto slices = NodeSlices::create(engine_info_, resources_->identity().run_id, options_.scenario.cluster.nodes);
    if (!slices) return tl::unexpected(slices.error());
    slices_ = std::move(*slices);
  }
  nodes_ = std::make_unique<DockerNodeRuntime>(
      DockerNodeRuntime::Parts{loop_, *resources_, options_.scenario, slices_, network_, workload_image_, options_.cpu_speed});
  balancers_ = std::make_unique<NginxBalancer>(NginxBalancer::Parts{
      loop_, *resources_, network_, nginx_image_, slices_.infrastructure_parent(), [this] { return subnet_->next_address(); }});
  traffic_ = std::make_unique<DockerTrafficDriver>(DockerTrafficDriver::Parts{
      loop_, *resources_, network_, generator_image_, slices_.infrastructure_parent(), subnet_->next_address(),
      [this](const std::string& service) { return balancers_->addresses(service); }, [this] { return cancelled(); },
      [this](std::int64_t pid) { return slices_.make_real_time(pid); }});
  return {};
}

Status Testbed::destroy() {
  if (before_destroy_) std::exchange(before_destroy_, nullptr)();
  if (!resources_) return {};
  report("removing containers and network");
  // From here on Ctrl-C does not stop us any more: cleaning up is what it asks for.
  engine_.set_cancelled({});
  loop_.run_while([this] { return !resources_->idle(); }, kSettleNs);
  traffic_.reset();
  balancers_.reset();
  nodes_.reset();
  Status destroyed = resources_->destroy();
  slices_ = {};
  resources_.reset();
  lock_.reset();
  return destroyed;
}

}  // namespace tandem::docker

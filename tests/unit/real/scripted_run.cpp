#include "tests/unit/real/scripted_run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <optional>

#include "host/files.hpp"
#include "real/docker/run_resources.hpp"
#include "real/engine/event_loop.hpp"

namespace tandem::docker {

namespace {

int failed(const Error& error) {
  fmt::print(stderr, "{}\n", to_string(error));
  return 1;
}

}  // namespace

int scripted_run(const std::string& socket, const std::string& pid_file) {
  if (Status written = host::replace_file(pid_file, fmt::format("{}\n", getpid())); !written) return failed(written.error());
  real::EventLoop loop;
  EngineClient engine({socket, "http://engine"}, &loop);
  auto resources = RunResources::open(engine, seconds(5), milliseconds(kScriptGraceMs));
  if (!resources) return failed(resources.error());
  if (Status written = host::replace_file(pid_file, fmt::format("{}\n{}\n", getpid(), (*resources)->reaper_pid())); !written) return failed(written.error());

  const auto network = (*resources)->create_network({{}, "10.9.0.0/24", "10.9.0.1", {}});
  if (!network) return failed(network.error());
  for (int i = 0; i < 2; ++i) {
    ContainerSpec spec;
    spec.image = "image";
    spec.network = network->name;
    const auto id = (*resources)->create_container(spec, "pod");
    if (!id) return failed(id.error());
    if (const auto started = engine.run(api::start_container(*id)); !started) return failed(started.error());
  }
  std::optional<Status> removed;
  (*resources)->create_container({}, "sandbox", [&](const Result<std::string>& id) {
    if (!id) removed = tl::unexpected(id.error());
    else (*resources)->remove_container(*id, [&](const Status& status) { removed = status; });
  });
  loop.run_while([&] { return !removed; }, 10'000'000'000);
  if (!removed || !*removed) return 1;
  const Status destroyed = (*resources)->destroy();
  return destroyed ? 0 : failed(destroyed.error());
}

int scripted_recovery(const std::string& socket) {
  EngineClient engine({socket, "http://engine"}, nullptr);
  CleanOptions options;
  options.grace = milliseconds(kScriptGraceMs);
  const auto report = clean(engine, options);
  if (!report) return failed(report.error());
  return report->survivors.empty() ? 0 : failed(leak_error(*report));
}

}  // namespace tandem::docker

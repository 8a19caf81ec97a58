#include "real/docker/run_resources.hpp"

#include <chrono>
#include <thread>

#include "host/files.hpp"

namespace tandem::docker {

Result<EngineLock> EngineLock::take(const std::function<bool()>& waiting) {
  TANDEM_TRY(host::ensure_directory(host::state_directory()));
  const std::string path = host::state_directory() + "/docker.lock";
  for (;;) {
    auto lock = host::FileLock::try_lock(path);
    if (!lock) return tl::unexpected(lock.error());
    if (lock->held()) return EngineLock(std::move(*lock));
    if (waiting && !waiting()) return fail(ErrorCode::Interrupted, "interrupted while waiting for another Tandem run on this machine");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

Result<std::unique_ptr<RunResources>> RunResources::open(EngineClient& engine, SimDuration expected_duration) {
  auto identity = real::RunIdentity::create(expected_duration);
  if (!identity) return tl::unexpected(identity.error());
  auto journal = real::Journal::create(*identity);
  if (!journal) return tl::unexpected(journal.error());
  return std::unique_ptr<RunResources>(new RunResources(engine, std::move(*identity), std::move(*journal)));
}

std::string RunResources::label() const { return std::string(real::kRunLabel) + "=" + identity_.run_id; }

Status RunResources::announce(ContainerSpec& spec, const std::string& kind) {
  spec.name = identity_.name_of(kind, ++last_number_);
  spec.labels.merge(identity_.labels(kind));
  return journal_.append({real::JournalKind::Intent, "container", spec.name, {}});
}

void RunResources::announced_done(const std::string& type, const std::string& name, const std::string& id) {
  // A journal that cannot be written fails the next intent; what exists is found by its label anyway.
  static_cast<void>(journal_.append({real::JournalKind::Done, type, name, id}));
}

void RunResources::create_container(ContainerSpec spec, const std::string& kind, std::function<void(Result<std::string>)> done) {
  if (Status announced = announce(spec, kind); !announced) {
    // Never inside the asking call: a call that cannot fail carries the bad news later.
    engine_.start<EngineInfo>(api::version(), [done = std::move(done), error = announced.error()](const Result<EngineInfo>&) {
      done(tl::unexpected(error));
    });
    return;
  }
  ++creating_;
  engine_.start<std::string>(api::create_container(spec), [this, name = spec.name, done = std::move(done)](Result<std::string> id) {
    --creating_;
    if (id) announced_done("container", name, *id);
    done(std::move(id));
  });
}

Result<std::string> RunResources::create_container(ContainerSpec spec, const std::string& kind) {
  TANDEM_TRY(announce(spec, kind));
  Result<std::string> id = engine_.run(api::create_container(spec));
  if (id) announced_done("container", spec.name, *id);
  return id;
}

void RunResources::remove_container(const std::string& id, std::function<void(Status)> done) {
  engine_.start<Nothing>(api::remove_container(id), [this, id, done = std::move(done)](const Result<Nothing>& removed) {
    if (!removed) {
      done(tl::unexpected(removed.error()));
      return;
    }
    static_cast<void>(journal_.append({real::JournalKind::Gone, "container", {}, id}));
    done({});
  });
}

Result<NetworkInfo> RunResources::create_network(NetworkSpec spec) {
  spec.name = identity_.name_of("network", ++last_number_);
  spec.labels.merge(identity_.labels("network"));
  TANDEM_TRY(journal_.append({real::JournalKind::Intent, "network", spec.name, {}}));
  Result<std::string> id = engine_.run(api::create_network(spec));
  if (!id) return tl::unexpected(id.error());
  announced_done("network", spec.name, *id);
  return NetworkInfo{*id, spec.name, spec.labels, {spec.subnet}};
}

Status RunResources::destroy(const std::function<void(const std::string&)>& progress) {
  CleanOptions options;
  options.run_id = identity_.run_id;
  options.include_alive = true;
  options.grace = idle() ? SimDuration{} : kCleanGrace;
  options.progress = progress;
  const Result<CleanReport> report = clean(engine_, options);
  if (!report) return tl::unexpected(report.error());
  if (!report->survivors.empty()) return fail(leak_error(*report));
  return journal_.close();
}

}  // namespace tandem::docker

#include "real/docker/run_resources.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "docker/protocol/lifetime.hpp"
#include "host/files.hpp"
#include "host/wall_clock.hpp"

namespace tandem::docker {

namespace {

/// How long the reaper waits for an engine that is down. Longer than any restart; after that `tandem clean` has to do it.
constexpr SimDuration kReaperPatience = seconds(600);

}  // namespace

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

Result<std::unique_ptr<RunResources>> RunResources::open(EngineClient& engine, SimDuration expected_duration, SimDuration grace) {
  auto identity = real::RunIdentity::create(expected_duration);
  if (!identity) return tl::unexpected(identity.error());
  const EngineAddress& address = engine.address();
  auto journal = real::Journal::create(*identity, address.text());
  if (!journal) return tl::unexpected(journal.error());
  auto reaper = real::Reaper::start({.filter = std::string(real::kRunLabel) + "=" + identity->run_id,
                                     .engine_socket = address.unix_socket,
                                     .engine_url = address.base_url,
                                     .journal = std::filesystem::absolute(journal->path()).string(),
                                     .grace = grace,
                                     .patience = kReaperPatience});
  if (!reaper) {
    journal->close();
    return tl::unexpected(reaper.error());
  }
  return std::unique_ptr<RunResources>(new RunResources(engine, std::move(*identity), std::move(*journal), std::move(*reaper), grace));
}

std::string RunResources::label() const { return std::string(real::kRunLabel) + "=" + identity_.run_id; }

void RunResources::enter_phase(const std::string& phase) {
  // A journal that cannot be written fails the next intent.
  static_cast<void>(journal_.append({real::JournalKind::Phase, {}, phase, {}}));
}

Status RunResources::announce(const std::string& type, const std::string& name) {
  Status announced = journal_.append({real::JournalKind::Intent, type, name, {}});
  if (!announced && !failure_) failure_ = announced.error();
  return announced;
}

Status RunResources::announce(ContainerSpec& spec, const std::string& kind) {
  spec.name = identity_.name_of(kind, ++last_number_);
  spec.labels.merge(identity_.labels(kind));
  const std::int64_t lifetime = std::max<std::int64_t>(1, identity_.deadline - host::unix_seconds());
  spec.environment.push_back(std::string(container::kLifetimeVariable) + "=" + std::to_string(lifetime));
  return announce("container", spec.name);
}

void RunResources::created(const std::string& type, const std::string& name, const Result<std::string>& id) {
  if (id) {
    // A journal that cannot be written fails the next intent; what exists is found by its label anyway.
    static_cast<void>(journal_.append({real::JournalKind::Done, type, name, *id}));
    return;
  }
  // Without the engine's own word the call may still be carried out. A refused connection took nothing along.
  const ErrorCode code = id.error().code;
  const bool certain = code == ErrorCode::EngineNotFound || code == ErrorCode::EngineNameTaken || code == ErrorCode::EngineUnavailable;
  unresolved_ = unresolved_ || !certain;
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
    created("container", name, id);
    done(std::move(id));
  });
}

Result<std::string> RunResources::create_container(ContainerSpec spec, const std::string& kind) {
  TANDEM_TRY(announce(spec, kind));
  Result<std::string> id = engine_.run(api::create_container(spec));
  created("container", spec.name, id);
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
  TANDEM_TRY(announce("network", spec.name));
  Result<std::string> id = engine_.run(api::create_network(spec));
  created("network", spec.name, id);
  if (!id) return tl::unexpected(id.error());
  return NetworkInfo{*id, spec.name, spec.labels, {spec.subnet}};
}

Status RunResources::destroy() {
  enter_phase("destroy");
  CleanOptions options;
  options.run_id = identity_.run_id;
  options.include_alive = true;
  options.grace = idle() && !unresolved_ ? SimDuration{} : grace_;
  options.journals = JournalRule::Keep;
  options.on_removed = [this](const CleanedObject& object) {
    static_cast<void>(journal_.append({real::JournalKind::Gone, object.type, object.name, {}}));
  };
  const Result<CleanReport> report = clean(engine_, options);
  if (!report) {
    Error error = report.error();
    if (error.hint.empty()) error.hint = "a process of Tandem's goes on trying for " + to_string(kReaperPatience) + "; `tandem clean` says what is left";
    return fail(std::move(error));
  }
  if (!report->survivors.empty()) return fail(leak_error(*report));
  journal_.close();
  reaper_.dismiss();
  return {};
}

}  // namespace tandem::docker

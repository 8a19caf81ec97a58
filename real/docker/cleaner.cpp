#include "real/docker/cleaner.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <limits>
#include <set>
#include <thread>
#include <utility>

#include "host/files.hpp"
#include "host/wall_clock.hpp"
#include "real/docker/node_slices.hpp"
#include "real/engine/event_loop.hpp"
#include "real/engine/journal.hpp"
#include "real/engine/run_identity.hpp"

namespace tandem::docker {

namespace {

constexpr std::int64_t kHeadlessJournalSeconds = 60;
constexpr std::array<const char*, 3> kTypes = {"container", "network", "volume"};  // in order of deletion
constexpr std::size_t kAtOnce = 8;

/// Something with our label, as a list showed it.
struct Found {
  std::string type;
  std::string id;  ///< what deletes it
  std::string name;
  LabelMap labels;
};

CleanedObject described(const Found& found, std::string reason = {}) {
  const auto run = found.labels.find(std::string(real::kRunLabel));
  return {found.type, found.name, run == found.labels.end() ? std::string() : run->second, std::move(reason)};
}

Call<Nothing> deletion_of(const Found& found) {
  if (found.type == "container") return api::remove_container(found.id);
  return found.type == "network" ? api::remove_network(found.id) : api::remove_volume(found.id);
}

/// Asks the engine what the object is now.
void read_again(EngineClient& client, const Found& found, std::function<void(Result<Found>)> done) {
  const auto start = [&]<class Info>(const Call<Info>& call) {
    client.start<Info>(call, [found, done = std::move(done)](const Result<Info>& info) {
      if (info) done(Found{found.type, found.id, info->name, info->labels});
      else done(tl::unexpected(info.error()));
    });
  };
  if (found.type == "container") start(api::inspect_container(found.id));
  else if (found.type == "network") start(api::inspect_network(found.id));
  else start(api::inspect_volume(found.id));
}

/// The journal of a run that is to be cleaned.
struct OpenJournal {
  std::string path;
  real::RunIdentity identity;
};

class Cleaner {
 public:
  Cleaner(EngineClient& engine, const CleanOptions& options) : engine_(engine), options_(options) {}
  Result<CleanReport> run();

 private:
  void read_journals();
  void read_journal(const std::string& path);
  Result<std::vector<Found>> list();
  [[nodiscard]] bool wanted(const LabelMap& labels) const;
  /// Objects of one type, several at a time. Each is read again before it is deleted (C6).
  void remove_all(const std::vector<Found>& objects);
  /// What to do with an object, given what it is now. True: delete it.
  bool may_go(const Found& found, const Result<Found>& now);
  void removed(const Found& found, const Result<Nothing>& result);
  void give_up(const Found& found, std::vector<CleanedObject>& list, std::string reason);
  Status sweep();
  /// Waits until nothing can appear any more.
  Status settle();
  /// Those of the runs with a journal. → what is still in use
  std::vector<CleanedObject> clean_control_groups() const;
  void clean_host_side();
  [[nodiscard]] bool has_survivors(const std::string& run_id) const;
  [[nodiscard]] Status interrupted() const {
    if (options_.cancelled && options_.cancelled()) return fail(ErrorCode::Interrupted, "cleaning up was interrupted");
    return {};
  }

  EngineClient& engine_;
  const CleanOptions& options_;
  CleanReport report_;
  std::vector<OpenJournal> journals_;
  std::set<std::string> runs_;
  std::set<std::string> given_up_;  ///< "type id" of what is not to be tried or counted again
  std::int64_t settled_at_ns_ = 0;  ///< monotonic
};

// ---------------------------------------------------------------- what is there

bool Cleaner::wanted(const LabelMap& labels) const {
  const auto identity = real::identity_from_labels(labels);
  if (!identity) return false;
  if (!options_.run_id.empty() && identity->run_id != options_.run_id) return false;
  return options_.include_alive || real::is_orphaned(*identity);
}

void Cleaner::read_journals() {
  for (const std::string& name : host::list_directory(real::Journal::folder())) {
    if (name.ends_with(".journal")) read_journal(real::Journal::folder() + "/" + name);
  }
}

void Cleaner::read_journal(const std::string& path) {
  const auto journal = real::read_journal(path);
  if (!journal) {
    if (journal.error().code == ErrorCode::FileNotFound) return;  // closed by its run just now
    // A run that died before its first line was whole had announced nothing; one that begins just now is younger.
    const bool headless = journal.error().code == ErrorCode::RecordDamaged && journal.error().place.line == 0;
    if (headless && host::age_seconds(path) > kHeadlessJournalSeconds && options_.run_id.empty() && !options_.dry_run) host::remove_file(path);
    // What its run created is found by label; the file stays for a person to look at.
    if (!headless && options_.run_id.empty()) report_.spared.push_back({"journal", path, {}, to_string(journal.error())});
    return;
  }
  if (!wanted(journal->identity.labels("journal"))) return;
  const std::string here = engine_.address().text();
  if (!journal->engine.empty() && journal->engine != here) {
    report_.spared.push_back({"journal", path, journal->identity.run_id, "of a run on the engine at " + journal->engine});
    return;
  }
  journals_.push_back({path, journal->identity});
  // The run lived at least until the last line. Files know whole seconds, so one of them does not count.
  const std::int64_t age_ns = std::max<std::int64_t>(0, host::age_seconds(path) - 1) * 1'000'000'000;
  settled_at_ns_ = std::max(settled_at_ns_, host::monotonic_ns() + options_.grace.ns - age_ns);
}

Result<std::vector<Found>> Cleaner::list() {
  const std::string label = options_.run_id.empty() ? std::string(real::kRunLabel) : std::string(real::kRunLabel) + "=" + options_.run_id;
  std::vector<Found> found;
  const auto containers = engine_.run(api::list_containers(label));
  if (!containers) return tl::unexpected(containers.error());
  for (const ContainerInfo& item : *containers) found.push_back({"container", item.id, item.name, item.labels});
  const auto networks = engine_.run(api::list_networks(label));
  if (!networks) return tl::unexpected(networks.error());
  for (const NetworkInfo& item : *networks) found.push_back({"network", item.id, item.name, item.labels});
  const auto volumes = engine_.run(api::list_volumes(label));
  if (!volumes) return tl::unexpected(volumes.error());
  for (const VolumeInfo& item : *volumes) found.push_back({"volume", item.name, item.name, item.labels});
  std::erase_if(found, [&](const Found& item) { return !wanted(item.labels) || given_up_.count(item.type + " " + item.id) > 0; });
  return found;
}

// ---------------------------------------------------------------- deleting

void Cleaner::give_up(const Found& found, std::vector<CleanedObject>& list, std::string reason) {
  given_up_.insert(found.type + " " + found.id);
  list.push_back(described(found, std::move(reason)));
}

bool Cleaner::may_go(const Found& found, const Result<Found>& now) {
  if (!now) {
    if (now.error().code != ErrorCode::EngineNotFound) give_up(found, report_.survivors, now.error().what);
    return false;
  }
  if (!wanted(now->labels) || !is_derived_name(now->name, now->labels)) {
    give_up(found, report_.spared, "no run gives this name");
    return false;
  }
  runs_.insert(now->labels.at(std::string(real::kRunLabel)));
  if (options_.dry_run) give_up(found, report_.removed, {});
  return !options_.dry_run;
}

void Cleaner::removed(const Found& found, const Result<Nothing>& result) {
  if (!result) {
    give_up(found, report_.survivors, result.error().found.empty() ? result.error().what : result.error().found);
    return;
  }
  report_.removed.push_back(described(found));
  if (options_.on_removed) options_.on_removed(report_.removed.back());
}

void Cleaner::remove_all(const std::vector<Found>& objects) {
  real::EventLoop loop;
  EngineClient client(engine_.address(), &loop);
  client.set_patience(engine_.patience());
  std::size_t next = 0;
  std::size_t in_progress = 0;
  const auto begin_more = [&](const auto& self) -> void {
    while (next < objects.size() && in_progress < kAtOnce && interrupted()) {
      const Found& found = objects[next++];
      ++in_progress;
      const auto finish = [&] {
        --in_progress;
        self(self);
      };
      read_again(client, found, [&, finish](const Result<Found>& now) {
        if (!may_go(found, now)) return finish();
        // The client repeats it with growing pauses while the engine is busy or failing (C5).
        client.start<Nothing>(deletion_of(found), [&, finish](const Result<Nothing>& result) {
          removed(found, result);
          finish();
        });
      });
    }
  };
  begin_more(begin_more);
  loop.run_while([&] { return in_progress > 0; }, std::numeric_limits<std::int64_t>::max());
}

Status Cleaner::settle() {
  while (host::monotonic_ns() < settled_at_ns_) {
    TANDEM_TRY(interrupted());
    std::this_thread::sleep_for(std::chrono::nanoseconds(std::min<std::int64_t>(50'000'000, settled_at_ns_ - host::monotonic_ns())));
  }
  return {};
}

/// Ends after two empty lists with the grace between them.
Status Cleaner::sweep() {
  for (bool was_empty = false;;) {
    TANDEM_TRY(interrupted());
    const auto found = list();
    if (!found) return tl::unexpected(found.error());
    if (found->empty()) {
      if (std::exchange(was_empty, true) || options_.dry_run) return {};
      clean_control_groups();
      TANDEM_TRY(settle());
      continue;
    }
    was_empty = false;
    // Networks wait for their containers, volumes for both.
    for (const char* type : kTypes) {
      std::vector<Found> stage;
      std::copy_if(found->begin(), found->end(), std::back_inserter(stage), [&](const Found& item) { return item.type == type; });
      remove_all(stage);
    }
    settled_at_ns_ = host::monotonic_ns() + options_.grace.ns;
  }
}

// ---------------------------------------------------------------- this machine

bool Cleaner::has_survivors(const std::string& run_id) const {
  return std::any_of(report_.survivors.begin(), report_.survivors.end(), [&](const CleanedObject& object) { return object.run_id == run_id; });
}

std::vector<CleanedObject> Cleaner::clean_control_groups() const {
  std::vector<CleanedObject> left;
  if (options_.dry_run) return left;
  for (const OpenJournal& journal : journals_) {
    for (const std::string& group : NodeSlices::remove_leftovers(journal.identity.run_id)) {
      left.push_back({"control group", group, journal.identity.run_id, "still in use"});
    }
  }
  return left;
}

/// What runs leave on the host: slices of control groups, and the journal, which goes last.
void Cleaner::clean_host_side() {
  for (CleanedObject& group : clean_control_groups()) report_.survivors.push_back(std::move(group));
  for (const OpenJournal& journal : journals_) {
    const std::string& run_id = journal.identity.run_id;
    runs_.insert(run_id);
    const bool dead = real::is_orphaned(journal.identity);
    const bool goes = options_.journals == JournalRule::All || (options_.journals == JournalRule::OfDead && dead);
    if (!goes || has_survivors(run_id)) continue;
    if (!options_.dry_run) host::remove_file(journal.path);
    report_.removed.push_back({"journal", journal.path, run_id, {}});
  }
}

Result<CleanReport> Cleaner::run() {
  read_journals();
  TANDEM_TRY(sweep());
  clean_host_side();
  report_.runs.assign(runs_.begin(), runs_.end());
  return std::move(report_);
}

}  // namespace

bool is_derived_name(const std::string& name, const LabelMap& labels) {
  const auto identity = real::identity_from_labels(labels);
  const auto kind = labels.find(std::string(real::kKindLabel));
  if (!identity || kind == labels.end()) return false;
  const std::size_t dash = name.rfind('-');
  if (dash == std::string::npos || dash + 1 == name.size() || name.size() - dash > 12) return false;
  const std::string digits = name.substr(dash + 1);
  if (!std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) return false;
  return name == identity->name_of(kind->second, std::stoull(digits));
}

Error leak_error(const CleanReport& report) {
  Error error = make_error(ErrorCode::EngineLeak, "some objects of a run could not be deleted");
  for (const CleanedObject& survivor : report.survivors) {
    error.causes.push_back(make_error(ErrorCode::EngineLeak, survivor.type + " " + survivor.name + ": " + survivor.reason));
  }
  error.hint = "run `tandem clean` again; if that fails, remove them with docker rm -f and docker network rm";
  return error;
}

Result<CleanReport> clean(EngineClient& engine, const CleanOptions& options) { return Cleaner(engine, options).run(); }

}  // namespace tandem::docker

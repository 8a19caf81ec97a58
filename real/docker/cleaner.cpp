#include "real/docker/cleaner.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "host/files.hpp"
#include "host/wall_clock.hpp"
#include "real/docker/node_slices.hpp"
#include "real/engine/journal.hpp"
#include "real/engine/run_identity.hpp"

namespace tandem::docker {

namespace {

constexpr int kAttempts = 10;
constexpr std::int64_t kAttemptPauseMs = 50;
constexpr std::int64_t kHeadlessJournalSeconds = 60;

/// Something with our label, as a list showed it.
struct Found {
  std::string type;  ///< container, network, volume
  std::string id;    ///< what deletes it
  std::string name;
  LabelMap labels;
};

class Cleaner {
 public:
  Cleaner(EngineClient& engine, const CleanOptions& options) : engine_(engine), options_(options) {}
  Result<CleanReport> run();

 private:
  Result<std::vector<Found>> list();
  [[nodiscard]] bool wanted(const LabelMap& labels) const;
  /// Reads the object again and compares before anything is deleted (C6). False: gone, or not ours after all.
  Result<bool> verify(const Found& found);
  Status remove(const Found& found);
  void remove_verified(const Found& found);
  void clean_host_side();
  [[nodiscard]] bool cancelled() const { return options_.cancelled && options_.cancelled(); }
  void say(const std::string& line) const {
    if (options_.progress) options_.progress(line);
  }

  EngineClient& engine_;
  const CleanOptions& options_;
  CleanReport report_;
  std::set<std::string> runs_;
  std::set<std::string> given_up_;  ///< ids not to be tried or counted again
};

bool Cleaner::wanted(const LabelMap& labels) const {
  const auto identity = real::identity_from_labels(labels);
  if (!identity) return false;
  if (!options_.run_id.empty() && identity->run_id != options_.run_id) return false;
  return options_.include_alive || real::is_orphaned(*identity);
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
  std::erase_if(found, [&](const Found& item) { return !wanted(item.labels) || given_up_.count(item.id) > 0; });
  return found;
}

Result<bool> Cleaner::verify(const Found& found) {
  LabelMap labels = found.labels;
  std::string name = found.name;
  if (found.type == "container") {
    const auto current = engine_.run(api::inspect_container(found.id));
    if (!current) {
      if (current.error().code == ErrorCode::EngineNotFound) return false;
      return tl::unexpected(current.error());
    }
    labels = current->labels;
    name = current->name;
  }
  // Networks and volumes were read in this very round, label and name together.
  if (wanted(labels) && is_derived_name(name, labels)) return true;
  given_up_.insert(found.id);
  report_.spared.push_back(found.type + " " + name);
  return false;
}

Status Cleaner::remove(const Found& found) {
  const Call<Nothing> call = found.type == "container" ? api::remove_container(found.id)
                             : found.type == "network" ? api::remove_network(found.id)
                                                       : api::remove_volume(found.id);
  Status last;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Result<Nothing> removed = engine_.run(call);
    if (removed) return {};
    last = tl::unexpected(removed.error());
    std::this_thread::sleep_for(std::chrono::milliseconds(kAttemptPauseMs << std::min(attempt, 5)));
  }
  return last;
}

void Cleaner::remove_verified(const Found& found) {
  const Result<bool> ours = verify(found);
  if (ours && !*ours) return;
  if (const auto run = found.labels.find(std::string(real::kRunLabel)); run != found.labels.end()) runs_.insert(run->second);
  const std::string title = found.type + " " + found.name;
  if (options_.dry_run) {
    given_up_.insert(found.id);
    report_.removed.push_back(title);
    return;
  }
  const Status removed = ours ? remove(found) : Status(tl::unexpected(ours.error()));
  if (removed) {
    report_.removed.push_back(title);
    say("removed " + title);
  } else {
    given_up_.insert(found.id);
    report_.survivors.push_back(title + ": " + (removed.error().found.empty() ? removed.error().what : removed.error().found));
  }
}

/// What runs leave on the host: slices of control groups and journals.
void Cleaner::clean_host_side() {
  for (const std::string& name : host::list_directory(real::Journal::folder())) {
    const std::string path = real::Journal::folder() + "/" + name;
    if (!name.ends_with(".journal")) continue;
    const auto journal = real::read_journal(path);
    if (!journal) {
      // A run that died before its first line was whole had announced nothing; one that begins just now is younger.
      const bool headless = journal.error().place.line == 1 && host::age_seconds(path) > kHeadlessJournalSeconds;
      if (headless && options_.run_id.empty() && !options_.dry_run) host::remove_file(path);
      if (journal.error().place.line > 1) report_.survivors.push_back("journal " + path + ": " + journal.error().what);
      continue;
    }
    if (!wanted(journal->identity.labels("journal"))) continue;
    runs_.insert(journal->identity.run_id);
    if (options_.dry_run) continue;
    for (const std::string& group : NodeSlices::remove_leftovers(journal->identity.run_id)) report_.survivors.push_back("control group " + group);
    // A living run closes its journal itself.
    if (real::is_orphaned(journal->identity)) host::remove_file(path);
  }
}

Result<CleanReport> Cleaner::run() {
  // Finished only after two empty lists, `grace` apart once anything was there; whatever appears in between starts anew.
  int empty_lists = 0;
  bool found_any = false;
  while (empty_lists < 2) {
    if (cancelled()) return fail(ErrorCode::Interrupted, "cleaning up was interrupted");
    const auto found = list();
    if (!found) return tl::unexpected(found.error());
    if (found->empty()) {
      ++empty_lists;
      if (empty_lists == 1 && found_any && !options_.dry_run) {
        const std::int64_t end = host::monotonic_ns() + options_.grace.ns;
        while (host::monotonic_ns() < end && !cancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
      continue;
    }
    empty_lists = 0;
    found_any = true;
    for (const Found& item : *found) {
      if (cancelled()) return fail(ErrorCode::Interrupted, "cleaning up was interrupted");
      remove_verified(item);
    }
  }
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
  Error error = make_error(ErrorCode::EngineLeak, "some objects of the run could not be deleted");
  for (const std::string& survivor : report.survivors) error.causes.push_back(make_error(ErrorCode::EngineLeak, survivor));
  error.hint = "run `tandem clean` again; if that fails, remove them with docker rm -f and docker network rm";
  return error;
}

Result<CleanReport> clean(EngineClient& engine, const CleanOptions& options) { return Cleaner(engine, options).run(); }

}  // namespace tandem::docker

#pragma once
// The Docker Engine API 1.41 (Docker 20.10) as values: each function describes one call, engine_client.hpp carries it out.
// Names and fields are the engine's.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "host/http.hpp"
#include "real/engine/run_identity.hpp"

namespace tandem::docker {

using real::LabelMap;

/// Older engines ignored label filters, and cleaning up by label would delete other people's things (hardening E1).
inline constexpr std::string_view kApiVersion = "1.41";

/// What the answer of a call becomes. `what` says in words what was asked, for error messages: "create container x".
template <class T>
struct Call {
  Call(std::string what_is_asked, std::string http_method, std::string path_and_query)
      : what(std::move(what_is_asked)), method(std::move(http_method)), path(std::move(path_and_query)) {}

  std::string what;
  std::string method;
  std::string path;            ///< with query, without version
  std::string body;
  std::string body_file;
  std::string content_type = "application/json";
  SimDuration timeout = seconds(60);
  bool idempotent = true;      ///< may be repeated after 5xx or a cut connection
  bool cancellable = true;     ///< false: Ctrl-C waits for the answer, because the engine would carry it out anyway
  std::vector<int> also_fine;  ///< statuses that are success beside 2xx
  std::function<bool(std::string_view)> on_body;
  std::function<Result<T>(const host::HttpResponse&)> decode;
};

struct Nothing {};

struct EngineInfo {
  std::string version;         ///< "20.10.24"
  std::string api_version;
  std::string operating_system;
  std::string kernel;
  std::string storage_driver;
  std::string cgroup_driver;   ///< cgroupfs, systemd, none
  std::string cgroup_version;  ///< "1" or "2"
  std::int64_t cpus = 0;
  std::int64_t memory_bytes = 0;
  std::string hostname;
};

struct ContainerSpec {
  std::string name;
  std::string image;
  std::vector<std::string> entrypoint;   ///< empty = the image's
  std::vector<std::string> command;
  std::vector<std::string> environment;  ///< NAME=value
  LabelMap labels;
  std::string hostname;
  std::string network;                   ///< name, "none", or "container:<id>"
  std::string ip;                        ///< fixed address on `network`; empty = none
  std::string cgroup_parent;
  std::string cpuset;                    ///< "0" or "0-1"; empty = all
  std::int64_t memory_bytes = 0;         ///< memory and swap together; 0 = no limit
  std::int32_t oom_score_adj = 0;        ///< -1000 … 1000
  std::int64_t cpu_shares = 0;           ///< 0 = the engine's default
  std::int64_t cpu_quota_us = 0;         ///< per 100 ms; 0 = none
  std::int64_t pids_limit = 512;
  std::int64_t open_files = 0;           ///< RLIMIT_NOFILE; 0 = the engine's default
  std::map<std::string, std::string> sysctls;
  std::vector<std::string> capabilities; ///< added to none
  bool auto_remove = false;
};

struct ContainerInfo {
  std::string id;
  std::string name;              ///< without the leading slash
  LabelMap labels;
  std::string state;             ///< created, running, paused, restarting, removing, exited, dead
  bool running = false;
  bool oom_killed = false;
  std::int64_t exit_code = 0;
  std::int64_t pid = 0;          ///< in the engine's pid namespace; 0 if not running
  std::int64_t created = 0;      ///< Unix seconds
};

struct NetworkSpec {
  std::string name;
  std::string subnet;            ///< "10.244.0.0/16"
  std::string gateway;
  LabelMap labels;
};
struct NetworkInfo {
  std::string id;
  std::string name;
  LabelMap labels;
  std::vector<std::string> subnets;
};
struct VolumeInfo {
  std::string name;
  LabelMap labels;
};
struct ImageInfo {
  std::string id;
  std::int64_t size_bytes = 0;
};
struct StatsInfo {
  SimDuration cpu_used;
  SimDuration throttled;
  std::int64_t memory_bytes = 0;
};

namespace api {

/// Percent-encodes one component of a query.
std::string encode(std::string_view text);

Call<EngineInfo> version();       ///< version and api_version only
Call<EngineInfo> info();          ///< everything but api_version

Call<std::string> create_container(const ContainerSpec& spec);  ///< → id
Call<Nothing> start_container(const std::string& id);
/// Fine if it is not running any more.
Call<Nothing> kill_container(const std::string& id, const std::string& signal);
/// Force, with anonymous volumes. Fine if it is gone.
Call<Nothing> remove_container(const std::string& id);
Call<ContainerInfo> inspect_container(const std::string& id);
/// In every state, with this label ("name" or "name=value"). State and labels are filled, pid and exit code are not.
Call<std::vector<ContainerInfo>> list_containers(const std::string& label);
/// Answers when the container has stopped. No time-out.
Call<std::int64_t> wait_container(const std::string& id);
/// The last `lines` lines of both streams, interleaved as they came.
Call<std::string> container_logs(const std::string& id, int lines);
Call<StatsInfo> container_stats(const std::string& id);
/// Extracts a tar archive into `folder` of the container, running or not.
Call<Nothing> put_archive(const std::string& id, const std::string& folder, std::string tar);
Call<std::string> create_exec(const std::string& id, const std::vector<std::string>& command);  ///< → exec id
/// Answers when the command has ended.
Call<Nothing> start_exec(const std::string& exec_id, SimDuration timeout);
Call<std::int64_t> exec_exit_code(const std::string& exec_id);

Call<std::string> create_network(const NetworkSpec& spec);  ///< → id
Call<Nothing> remove_network(const std::string& id);        ///< fine if it is gone
Call<NetworkInfo> inspect_network(const std::string& id);
Call<std::vector<NetworkInfo>> list_networks(const std::string& label);  ///< empty label: all
Call<VolumeInfo> inspect_volume(const std::string& name);
Call<std::vector<VolumeInfo>> list_volumes(const std::string& label);
Call<Nothing> remove_volume(const std::string& name);

Call<ImageInfo> inspect_image(const std::string& reference);
/// Builds from a tar context; `on_line` gets what the build prints. The result is the error the build ended with, if any.
Call<Nothing> build_image(const std::string& tag, std::string context, const LabelMap& labels,
                          const std::map<std::string, std::string>& build_arguments, std::function<void(std::string_view)> on_line);
/// Makes an image of a tar file with a root file system.
Call<Nothing> import_image(const std::string& repository, const std::string& tag, const std::string& tar_file);
Call<Nothing> pull_image(const std::string& repository, const std::string& tag);

/// Lines of JSON as containers with `label` change, until the connection ends. Hints only (hardening E3).
Call<Nothing> events(const std::string& label, std::function<void(std::string_view)> on_event);

}  // namespace api

/// Frames of a container's multiplexed output (8-byte header: stream, length) as plain text.
std::string demultiplex(std::string_view frames);

}  // namespace tandem::docker

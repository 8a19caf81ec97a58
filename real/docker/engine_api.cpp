#include "real/docker/engine_api.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "real/docker/json_answer.hpp"

namespace tandem::docker {

namespace api {

using nlohmann::json;

namespace {

LabelMap labels_of(const json& value) {
  LabelMap labels;
  if (!value.is_object()) return labels;
  for (const auto& [name, text] : value.items()) {
    if (text.is_string()) labels[name] = text.get<std::string>();
  }
  return labels;
}

std::string label_filter(const std::string& label) { return "filters=" + encode(json{{"label", {label}}}.dump()); }

std::string without_slash(std::string name) { return name.starts_with('/') ? name.substr(1) : name; }

json host_config(const ContainerSpec& spec) {
  json config = {{"NetworkMode", spec.network.empty() ? "none" : spec.network},
                 {"CgroupParent", spec.cgroup_parent},
                 {"CpusetCpus", spec.cpuset},
                 {"CpuShares", spec.cpu_shares},
                 {"PidsLimit", spec.pids_limit},
                 {"AutoRemove", spec.auto_remove},
                 {"CapDrop", {"ALL"}},
                 {"CapAdd", spec.capabilities},
                 {"SecurityOpt", {"no-new-privileges"}},
                 {"LogConfig", {{"Type", "json-file"}, {"Config", {{"max-size", "1m"}, {"max-file", "1"}}}}}};
  if (spec.oom_score_adj != 0) config["OomScoreAdj"] = spec.oom_score_adj;
  if (spec.memory_bytes > 0) {
    config["Memory"] = spec.memory_bytes;
    config["MemorySwap"] = spec.memory_bytes;  // the sum of both, so none to swap to
  }
  if (spec.cpu_quota_us > 0) {
    config["CpuPeriod"] = 100'000;
    config["CpuQuota"] = spec.cpu_quota_us;
  }
  if (spec.open_files > 0) {
    config["Ulimits"] = json::array({{{"Name", "nofile"}, {"Soft", spec.open_files}, {"Hard", spec.open_files}}});
  }
  if (!spec.sysctls.empty()) config["Sysctls"] = spec.sysctls;
  return config;
}

ContainerInfo container_of_list(const json& item) {
  ContainerInfo container;
  container.id = text_at(item, "Id");
  const json names = member(item, "Names");
  if (names.is_array() && !names.empty() && names[0].is_string()) container.name = without_slash(names[0].get<std::string>());
  container.labels = labels_of(member(item, "Labels"));
  container.state = text_at(item, "State");
  container.running = container.state == "running";
  container.created = integer_at(item, "Created");
  return container;
}

NetworkInfo network_of(const json& item) {
  NetworkInfo network{text_at(item, "Id"), text_at(item, "Name"), labels_of(member(item, "Labels")), {}};
  const json pools = member(object_at(item, "IPAM"), "Config");
  for (const json& pool : pools.is_array() ? pools : json::array()) network.subnets.push_back(text_at(pool, "Subnet"));
  return network;
}

/// The id of something that was created.
Result<std::string> id_answer(const host::HttpResponse& response) {
  std::string id = text_at(parse_bounded_json(response.body), "Id");
  if (id.empty()) return fail(ErrorCode::EngineRefused, "the engine's answer has no id");
  return id;
}

VolumeInfo volume_of(const json& item) { return {text_at(item, "Name"), labels_of(member(item, "Labels"))}; }

}  // namespace

std::string encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xfU];
    }
  }
  return out;
}

Call<EngineInfo> version() {
  Call<EngineInfo> call("ask for its version", "GET", "/version");
  call.timeout = seconds(10);
  call.decode = json_answer<EngineInfo>([](const json& answer) {
    EngineInfo info;
    info.version = text_at(answer, "Version");
    info.api_version = text_at(answer, "ApiVersion");
    return info;
  });
  return call;
}

Call<EngineInfo> info() {
  Call<EngineInfo> call("ask for its properties", "GET", "/info");
  call.timeout = seconds(20);
  call.decode = json_answer<EngineInfo>([](const json& answer) {
    EngineInfo info;
    info.version = text_at(answer, "ServerVersion");
    info.operating_system = text_at(answer, "OperatingSystem");
    info.kernel = text_at(answer, "KernelVersion");
    info.storage_driver = text_at(answer, "Driver");
    info.cgroup_driver = text_at(answer, "CgroupDriver");
    info.cgroup_version = text_at(answer, "CgroupVersion");
    info.hostname = text_at(answer, "Name");
    info.cpus = integer_at(answer, "NCPU");
    info.memory_bytes = integer_at(answer, "MemTotal");
    if (info.cgroup_version.empty()) info.cgroup_version = "1";
    return info;
  });
  return call;
}

Call<std::string> create_container(const ContainerSpec& spec) {
  json body = {{"Image", spec.image}, {"Cmd", spec.command}, {"Env", spec.environment}, {"Labels", spec.labels}, {"HostConfig", host_config(spec)}};
  if (!spec.entrypoint.empty()) body["Entrypoint"] = spec.entrypoint;
  if (!spec.hostname.empty()) body["Hostname"] = spec.hostname;
  if (!spec.ip.empty()) {
    const json attachment = {{"IPAMConfig", {{"IPv4Address", spec.ip}}}};
    body["NetworkingConfig"] = {{"EndpointsConfig", {{spec.network, attachment}}}};
  }
  Call<std::string> call("create container " + spec.name, "POST", "/containers/create?name=" + encode(spec.name));
  call.body = body.dump();
  call.idempotent = false;
  call.cancellable = false;
  call.decode = id_answer;
  return call;
}

Call<Nothing> start_container(const std::string& id) {
  Call<Nothing> call("start container " + id, "POST", "/containers/" + id + "/start");
  expect_nothing(call, {304});  // running already
  return call;
}

Call<Nothing> kill_container(const std::string& id, const std::string& signal) {
  Call<Nothing> call("send " + signal + " to container " + id, "POST", "/containers/" + id + "/kill?signal=" + encode(signal));
  expect_nothing(call, {404, 409});  // gone or not running
  return call;
}

Call<Nothing> remove_container(const std::string& id) {
  Call<Nothing> call("remove container " + id, "DELETE", "/containers/" + id + "?force=true&v=true");
  expect_nothing(call, {404});
  return call;
}

Call<ContainerInfo> inspect_container(const std::string& id) {
  Call<ContainerInfo> call("inspect container " + id, "GET", "/containers/" + id + "/json");
  call.decode = json_answer<ContainerInfo>([](const json& answer) {
    ContainerInfo container;
    container.id = text_at(answer, "Id");
    container.name = without_slash(text_at(answer, "Name"));
    const json config = object_at(answer, "Config");
    container.labels = labels_of(member(config, "Labels"));
    const json state = object_at(answer, "State");
    container.state = text_at(state, "Status");
    container.running = boolean_at(state, "Running");
    container.oom_killed = boolean_at(state, "OOMKilled");
    container.exit_code = integer_at(state, "ExitCode");
    container.pid = integer_at(state, "Pid");
    return container;
  });
  return call;
}

Call<std::vector<ContainerInfo>> list_containers(const std::string& label) {
  Call<std::vector<ContainerInfo>> call("list containers", "GET", "/containers/json?all=true&" + label_filter(label));
  call.decode = list_answer<ContainerInfo>(container_of_list);
  return call;
}

Call<std::int64_t> wait_container(const std::string& id) {
  Call<std::int64_t> call("wait for container " + id, "POST", "/containers/" + id + "/wait?condition=not-running");
  call.timeout = {};
  call.decode = json_answer<std::int64_t>([](const json& answer) { return integer_at(answer, "StatusCode"); });
  return call;
}

Call<std::string> container_logs(const std::string& id, int lines) {
  Call<std::string> call("read the log of container " + id, "GET", "/containers/" + id + "/logs?stdout=true&stderr=true&tail=" + std::to_string(lines));
  call.decode = [](const host::HttpResponse& response) -> Result<std::string> { return demultiplex(response.body); };
  return call;
}

namespace {

/// What cannot be taken back at once, as the kubelet counts: usage without file pages that nobody has touched lately.
std::int64_t working_set(const json& memory) {
  const json details = object_at(memory, "stats");
  const bool version_1 = details.contains("total_inactive_file");
  const std::int64_t inactive = integer_at(details, version_1 ? "total_inactive_file" : "inactive_file");
  return std::max<std::int64_t>(0, integer_at(memory, "usage") - inactive);
}

}  // namespace

Call<StatsInfo> container_stats(const std::string& id) {
  Call<StatsInfo> call("read the statistics of container " + id, "GET", "/containers/" + id + "/stats?stream=false&one-shot=true");
  call.decode = json_answer<StatsInfo>([](const json& answer) {
    StatsInfo stats;
    const json cpu = object_at(answer, "cpu_stats");
    stats.cpu_used.ns = integer_at(object_at(cpu, "cpu_usage"), "total_usage");
    stats.throttled.ns = integer_at(object_at(cpu, "throttling_data"), "throttled_time");
    stats.memory_bytes = working_set(object_at(answer, "memory_stats"));
    return stats;
  });
  return call;
}

Call<Nothing> put_archive(const std::string& id, const std::string& folder, std::string tar) {
  Call<Nothing> call("put files into container " + id, "PUT", "/containers/" + id + "/archive?path=" + encode(folder));
  call.body = std::move(tar);
  call.content_type = "application/x-tar";
  expect_nothing(call, {});
  return call;
}

Call<std::string> create_exec(const std::string& id, const std::vector<std::string>& command) {
  Call<std::string> call("prepare a command in container " + id, "POST", "/containers/" + id + "/exec");
  call.body = json{{"AttachStdout", true}, {"AttachStderr", true}, {"Cmd", command}}.dump();
  call.decode = id_answer;
  return call;
}

Call<Nothing> start_exec(const std::string& exec_id, SimDuration timeout) {
  Call<Nothing> call("run a command", "POST", "/exec/" + exec_id + "/start");
  call.body = R"({"Detach":false,"Tty":false})";
  call.timeout = timeout;
  call.idempotent = false;
  expect_nothing(call, {});
  return call;
}

Call<std::int64_t> exec_exit_code(const std::string& exec_id) {
  Call<std::int64_t> call("ask how a command ended", "GET", "/exec/" + exec_id + "/json");
  call.decode = json_answer<std::int64_t>([](const json& answer) { return integer_at(answer, "ExitCode"); });
  return call;
}

Call<std::string> create_network(const NetworkSpec& spec) {
  json pool = {{"Subnet", spec.subnet}};
  if (!spec.gateway.empty()) pool["Gateway"] = spec.gateway;
  const json body = {{"Name", spec.name}, {"CheckDuplicate", true}, {"Driver", "bridge"},
                     {"IPAM", {{"Driver", "default"}, {"Config", json::array({pool})}}}, {"Labels", spec.labels}};
  Call<std::string> call("create network " + spec.name + " with " + spec.subnet, "POST", "/networks/create");
  call.body = body.dump();
  call.idempotent = false;
  call.cancellable = false;
  call.decode = id_answer;
  return call;
}

Call<Nothing> remove_network(const std::string& id) {
  Call<Nothing> call("remove network " + id, "DELETE", "/networks/" + id);
  expect_nothing(call, {404});
  return call;
}

Call<NetworkInfo> inspect_network(const std::string& id) {
  Call<NetworkInfo> call("inspect network " + id, "GET", "/networks/" + id);
  call.decode = json_answer<NetworkInfo>(network_of);
  return call;
}

Call<std::vector<NetworkInfo>> list_networks(const std::string& label) {
  Call<std::vector<NetworkInfo>> call("list networks", "GET", "/networks");
  if (!label.empty()) call.path += "?" + label_filter(label);
  call.decode = list_answer<NetworkInfo>(network_of);
  return call;
}

Call<VolumeInfo> inspect_volume(const std::string& name) {
  Call<VolumeInfo> call("inspect volume " + name, "GET", "/volumes/" + encode(name));
  call.decode = json_answer<VolumeInfo>(volume_of);
  return call;
}

Call<std::vector<VolumeInfo>> list_volumes(const std::string& label) {
  Call<std::vector<VolumeInfo>> call("list volumes", "GET", "/volumes?" + label_filter(label));
  call.decode = [](const host::HttpResponse& response) -> Result<std::vector<VolumeInfo>> {
    const json answer = parse_bounded_json(response.body);
    const json items = member(answer, "Volumes");
    if (!answer.is_object() || !(items.is_array() || (items.is_null() && answer.contains("Volumes")))) {
      return fail(ErrorCode::EngineRefused, "the engine's answer is not a list of volumes");
    }
    std::vector<VolumeInfo> volumes;
    for (const json& item : items) volumes.push_back(volume_of(item));
    return volumes;
  };
  return call;
}

Call<Nothing> remove_volume(const std::string& name) {
  Call<Nothing> call("remove volume " + name, "DELETE", "/volumes/" + encode(name));
  expect_nothing(call, {404});
  return call;
}

Call<Nothing> events(const std::string& label, std::function<void(std::string_view)> on_event) {
  const json filters = {{"label", {label}}, {"type", {"container"}}};
  Call<Nothing> call("follow events", "GET", "/events?filters=" + encode(filters.dump()));
  call.timeout = {};
  call.on_body = line_splitter(std::move(on_event));
  expect_nothing(call, {});
  return call;
}

}  // namespace api

std::string demultiplex(std::string_view frames) {
  std::string text;
  while (frames.size() >= 8) {
    std::size_t length = 0;
    for (std::size_t i = 4; i < 8; ++i) length = length << 8U | static_cast<unsigned char>(frames[i]);
    text += frames.substr(8, length);
    frames.remove_prefix(std::min(frames.size(), 8 + length));
  }
  return text;
}

}  // namespace tandem::docker

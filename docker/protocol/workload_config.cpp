#include "docker/protocol/workload_config.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "docker/protocol/json_fields.hpp"

namespace tandem::container {

namespace {

nlohmann::json to_json(const WorkloadRoute& route) {
  return {{"pattern", route.pattern},
          {"cpuNs", route.cpu.ns},
          {"waitNs", route.wait.ns},
          {"exponential", route.exponential},
          {"status", route.status},
          {"contentType", route.content_type},
          {"body", route.body},
          {"responseBytes", route.response_bytes}};
}

WorkloadRoute read_route(JsonFields fields) {
  WorkloadRoute route;
  route.pattern = fields.text("pattern");
  route.cpu.ns = fields.integer("cpuNs", 0, kNanosecondsMax);
  route.wait.ns = fields.integer("waitNs", 0, kNanosecondsMax);
  route.exponential = fields.boolean("exponential");
  route.status = static_cast<std::int32_t>(fields.integer("status", 100, 599));
  route.content_type = fields.text("contentType");
  route.body = fields.text("body");
  route.response_bytes = fields.integer("responseBytes", 0, kResponseBytesMax);
  return route;
}

nlohmann::json to_json(const WorkloadFailure& failure) {
  return {{"pattern", failure.pattern},
          {"fromNs", failure.from.ns},
          {"untilNs", failure.until.ns},
          {"status", failure.status},
          {"hang", failure.hang}};
}

WorkloadFailure read_failure(JsonFields fields) {
  WorkloadFailure failure;
  failure.pattern = fields.text("pattern");
  failure.from.ns = fields.integer("fromNs", 0, kNanosecondsMax);
  failure.until.ns = fields.integer("untilNs", 0, kNanosecondsMax);
  failure.status = static_cast<std::int32_t>(fields.integer("status", 100, 599));
  failure.hang = fields.boolean("hang");
  return failure;
}

/// What there may be once is a list of one or none.
nlohmann::json to_json(const WorkloadConfig& config, nlohmann::json document) {
  document["exit"] = document["memory"] = document["failures"] = nlohmann::json::array();
  if (config.exit) document["exit"].push_back({{"afterNs", config.exit->after.ns}, {"code", config.exit->code}});
  if (config.memory) {
    document["memory"].push_back({{"startBytes", config.memory->start_bytes},
                                  {"growthBytesPerSecond", config.memory->growth_bytes},
                                  {"peakBytes", config.memory->peak_bytes}});
  }
  for (const WorkloadFailure& failure : config.failures) document["failures"].push_back(to_json(failure));
  return document;
}

void read_behaviour(WorkloadConfig& config, const JsonFields& fields) {
  fields.each("exit", [&](const JsonFields& exit) {
    config.exit = WorkloadExit{{exit.integer("afterNs", 0, kNanosecondsMax)}, static_cast<std::int32_t>(exit.integer("code", 0, 255))};
  });
  fields.each("memory", [&](const JsonFields& memory) {
    config.memory = WorkloadMemory{memory.integer("startBytes", 0, kMemoryBytesMax), memory.integer("growthBytesPerSecond", 0, kMemoryBytesMax),
                                   memory.integer("peakBytes", 0, kMemoryBytesMax)};
  });
  fields.each("failures", [&](const JsonFields& failure) { config.failures.push_back(read_failure(failure)); });
}

bool matches_pattern(std::string_view pattern, std::string_view path) {
  const bool open = !pattern.empty() && pattern.back() == '*';
  const std::string_view literal = open ? pattern.substr(0, pattern.size() - 1) : pattern;
  return open ? path.substr(0, literal.size()) == literal : path == literal;
}

}  // namespace

std::string write_workload_config(const WorkloadConfig& config) {
  nlohmann::json routes = nlohmann::json::array();
  for (const WorkloadRoute& route : config.routes) routes.push_back(to_json(route));
  const nlohmann::json document = {{"version", config.version},
                                   {"pod", config.pod},
                                   {"podIp", config.pod_ip},
                                   {"node", config.node},
                                   {"listens", config.listens},
                                   {"port", config.port},
                                   {"startupNs", config.startup.ns},
                                   {"workers", config.workers},
                                   {"backlog", config.backlog},
                                   {"shared", config.shared},
                                   {"abortOnTerminate", config.abort_on_terminate},
                                   {"ignoreTerminate", config.ignore_terminate},
                                   {"drainNs", config.drain.ns},
                                   {"cpuSpeed", config.cpu_speed},
                                   {"routes", std::move(routes)}};
  return to_json(config, document).dump();
}

Result<WorkloadConfig> read_workload_config(std::string_view text) {
  return read_json_document<WorkloadConfig>(text, "workload configuration", [](JsonFields fields) {
    WorkloadConfig config;
    config.version = fields.text("version");
    config.pod = fields.text("pod");
    config.pod_ip = fields.text("podIp");
    config.node = fields.text("node");
    config.listens = fields.boolean("listens");
    config.port = static_cast<std::int32_t>(fields.integer("port", 1, 65535));
    config.startup.ns = fields.integer("startupNs", 0, kNanosecondsMax);
    config.workers = static_cast<std::int32_t>(fields.integer("workers", 1, 1024));
    config.backlog = static_cast<std::int32_t>(fields.integer("backlog", 0, 65535));
    config.shared = fields.boolean("shared");
    config.abort_on_terminate = fields.boolean("abortOnTerminate");
    config.ignore_terminate = fields.boolean("ignoreTerminate");
    config.drain.ns = fields.integer("drainNs", 0, kNanosecondsMax);
    config.cpu_speed = fields.number("cpuSpeed", 1e-3, 1e3);
    fields.each("routes", [&](JsonFields route) { config.routes.push_back(read_route(route)); });
    read_behaviour(config, fields);
    return config;
  });
}

std::vector<std::string> split_for_environment(std::string_view name, std::string_view text) {
  // MAX_ARG_STRLEN of Linux is 128 KiB for NAME=value with its end; stay well below.
  constexpr std::size_t kPart = 100 * 1024;
  std::vector<std::string> parts;
  for (std::size_t at = 0, number = 0; at < text.size() || number == 0; at += kPart, ++number) {
    std::string part(name);
    if (number > 0) part += "_" + std::to_string(number);
    part += '=';
    part += text.substr(at, kPart);
    parts.push_back(std::move(part));
  }
  return parts;
}

bool match_route(const std::vector<WorkloadRoute>& routes, std::string_view path, RouteMatch& match) {
  // Rank of a candidate: literal length, then exactness; strictly better only, so the earlier one keeps a tie.
  std::size_t best = 0;
  bool found = false;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const std::string_view pattern = routes[i].pattern;
    if (!matches_pattern(pattern, path)) continue;
    const bool open = !pattern.empty() && pattern.back() == '*';
    const std::string_view literal = open ? pattern.substr(0, pattern.size() - 1) : pattern;
    const std::size_t rank = 2 * literal.size() + (open ? 0 : 1);
    if (found && rank <= best) continue;
    found = true;
    best = rank;
    match = {i, open ? path.substr(literal.size()) : std::string_view()};
  }
  return found;
}

const WorkloadFailure* find_failure(const std::vector<WorkloadFailure>& failures, std::string_view path, SimDuration age) {
  for (const WorkloadFailure& failure : failures) {
    if (age >= failure.from && age < failure.until && matches_pattern(failure.pattern, path)) return &failure;
  }
  return nullptr;
}

}  // namespace tandem::container

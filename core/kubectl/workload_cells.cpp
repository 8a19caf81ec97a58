// The cells of controllers: deployments, replica sets, stateful sets, daemon sets, jobs, cron jobs.

#include <fmt/format.h>

#include "core/kubectl/cells.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/human_duration.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

const Cells kTemplateColumns = {"CONTAINERS", "IMAGES", "SELECTOR"};

std::string number_cell(const json& object, const char* pointer, std::int64_t otherwise = 0) {
  return std::to_string(number_at(object, pointer, otherwise));
}

void append(Cells& cells, const Cells& more) { cells.insert(cells.end(), more.begin(), more.end()); }

bool has_condition(const json& job, std::string_view type) {
  for (const json& condition : list_at(job, "/status/conditions")) {
    if (text_at(condition, "/type") == type) return text_at(condition, "/status") == "True";
  }
  return false;
}

std::string job_status(const json& job) {
  if (has_condition(job, "Complete")) return "Complete";
  if (has_condition(job, "Failed")) return "Failed";
  if (!at(job, "/metadata/deletionTimestamp").is_null()) return "Terminating";
  for (const char* type : {"Suspended", "FailureTarget", "SuccessCriteriaMet"}) {
    if (has_condition(job, type)) return type;
  }
  return "Running";
}

std::string completions_cell(const json& job) {
  const std::int64_t succeeded = number_at(job, "/status/succeeded");
  const json& completions = at(job, "/spec/completions");
  if (completions.is_number_integer()) return fmt::format("{}/{}", succeeded, completions.get<std::int64_t>());
  const std::int64_t parallelism = number_at(job, "/spec/parallelism");
  return parallelism > 1 ? fmt::format("{}/1 of {}", succeeded, parallelism) : fmt::format("{}/1", succeeded);
}

std::string duration_cell(const json& job, const GetOptions& options) {
  const json& start = at(job, "/status/startTime");
  const json& end = at(job, "/status/completionTime");
  if (start.is_null()) return "";
  return human_duration(seconds_since(start, end.is_null() ? options.now_unix_seconds : unix_seconds_of(end)));
}

}  // namespace

Cells columns_with(Cells first, bool wide, const Cells& more) {
  if (wide) append(first, more);
  return first;
}

std::string age_cell(const json& object, const GetOptions& options) {
  return time_since(at(object, "/metadata/creationTimestamp"), options.now_unix_seconds);
}

Cells container_cells(const json& containers) {
  std::vector<std::string> names;
  std::vector<std::string> images;
  for (const json& container : containers) {
    names.push_back(text_at(container, "/name"));
    images.push_back(text_at(container, "/image"));
  }
  return {joined(names), joined(images)};
}

Cells deployment_columns(bool wide) { return columns_with({"NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"}, wide, kTemplateColumns); }

Cells deployment_cells(const json& deployment, const GetOptions& options) {
  Cells cells = {text_at(deployment, "/metadata/name"),
                 fmt::format("{}/{}", number_at(deployment, "/status/readyReplicas"), number_at(deployment, "/spec/replicas", 1)),
                 number_cell(deployment, "/status/updatedReplicas"), number_cell(deployment, "/status/availableReplicas"), age_cell(deployment, options)};
  if (options.wide) {
    append(cells, container_cells(list_at(deployment, "/spec/template/spec/containers")));
    cells.push_back(selector_text(at(deployment, "/spec/selector")));
  }
  return cells;
}

Cells replica_set_columns(bool wide) { return columns_with({"NAME", "DESIRED", "CURRENT", "READY", "AGE"}, wide, kTemplateColumns); }

Cells replica_set_cells(const json& set, const GetOptions& options) {
  Cells cells = {text_at(set, "/metadata/name"), number_cell(set, "/spec/replicas", 1), number_cell(set, "/status/replicas"),
                 number_cell(set, "/status/readyReplicas"), age_cell(set, options)};
  if (options.wide) {
    append(cells, container_cells(list_at(set, "/spec/template/spec/containers")));
    cells.push_back(selector_text_or_none(at(set, "/spec/selector")));
  }
  return cells;
}

Cells replication_controller_cells(const json& controller, const GetOptions& options) {
  Cells cells = replica_set_cells(controller, options);
  if (options.wide) cells.back() = labels_text(at(controller, "/spec/selector"));
  return cells;
}

Cells stateful_set_columns(bool wide) { return columns_with({"NAME", "READY", "AGE"}, wide, {"CONTAINERS", "IMAGES"}); }

Cells stateful_set_cells(const json& set, const GetOptions& options) {
  Cells cells = {text_at(set, "/metadata/name"), fmt::format("{}/{}", number_at(set, "/status/readyReplicas"), number_at(set, "/spec/replicas", 1)),
                 age_cell(set, options)};
  if (options.wide) append(cells, container_cells(list_at(set, "/spec/template/spec/containers")));
  return cells;
}

Cells daemon_set_columns(bool wide) {
  return columns_with({"NAME", "DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE", "NODE SELECTOR", "AGE"}, wide, kTemplateColumns);
}

Cells daemon_set_cells(const json& set, const GetOptions& options) {
  Cells cells = {text_at(set, "/metadata/name"), number_cell(set, "/status/desiredNumberScheduled"), number_cell(set, "/status/currentNumberScheduled"),
                 number_cell(set, "/status/numberReady"), number_cell(set, "/status/updatedNumberScheduled"), number_cell(set, "/status/numberAvailable"),
                 labels_text(at(set, "/spec/template/spec/nodeSelector")), age_cell(set, options)};
  if (options.wide) {
    append(cells, container_cells(list_at(set, "/spec/template/spec/containers")));
    cells.push_back(selector_text_or_none(at(set, "/spec/selector")));
  }
  return cells;
}

Cells controller_revision_columns(bool /*wide*/) { return {"NAME", "CONTROLLER", "REVISION", "AGE"}; }

Cells controller_revision_cells(const json& revision, const GetOptions& options) {
  std::string controller = "<none>";
  for (const json& owner : list_at(revision, "/metadata/ownerReferences")) {
    if (!flag_at(owner, "/controller")) continue;
    const std::string version = text_at(owner, "/apiVersion");
    const std::size_t slash = version.find('/');
    const std::string group = slash == std::string::npos ? std::string() : "." + version.substr(0, slash);
    controller = fmt::format("{}{}/{}", lower_case(text_at(owner, "/kind")), group, text_at(owner, "/name"));
    break;
  }
  return {text_at(revision, "/metadata/name"), controller, number_cell(revision, "/revision"), age_cell(revision, options)};
}

Cells job_columns(bool wide) { return columns_with({"NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE"}, wide, kTemplateColumns); }

Cells job_cells(const json& job, const GetOptions& options) {
  Cells cells = {text_at(job, "/metadata/name"), job_status(job), completions_cell(job), duration_cell(job, options), age_cell(job, options)};
  if (options.wide) {
    append(cells, container_cells(list_at(job, "/spec/template/spec/containers")));
    cells.push_back(selector_text_or_none(at(job, "/spec/selector")));
  }
  return cells;
}

Cells cron_job_columns(bool wide) {
  return columns_with({"NAME", "SCHEDULE", "TIMEZONE", "SUSPEND", "ACTIVE", "LAST SCHEDULE", "AGE"}, wide, kTemplateColumns);
}

Cells cron_job_cells(const json& cron_job, const GetOptions& options) {
  const json& last = at(cron_job, "/status/lastScheduleTime");
  const json& zone = at(cron_job, "/spec/timeZone");
  const json& suspend = at(cron_job, "/spec/suspend");
  Cells cells = {text_at(cron_job, "/metadata/name"), text_at(cron_job, "/spec/schedule"), zone.is_string() ? zone.get<std::string>() : "<none>",
                 suspend.is_boolean() ? boolean_text(suspend.get<bool>()) : "<unset>", std::to_string(list_at(cron_job, "/status/active").size()),
                 last.is_null() ? "<none>" : time_since(last, options.now_unix_seconds), age_cell(cron_job, options)};
  if (options.wide) {
    append(cells, container_cells(list_at(cron_job, "/spec/jobTemplate/spec/template/spec/containers")));
    cells.push_back(selector_text_or_none(at(cron_job, "/spec/jobTemplate/spec/selector")));
  }
  return cells;
}

}  // namespace tandem::kubectl

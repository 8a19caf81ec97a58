// Jobs and cron jobs.

#include <fmt/format.h>

#include "core/kubectl/describe_parts.hpp"
#include "core/kubectl/formatting.hpp"
#include "core/kubectl/human_duration.hpp"
#include "core/kubectl/json_reading.hpp"
#include "core/kubectl/table.hpp"

namespace tandem::kubectl {

namespace {

/// Lists of indexes longer than this end at the next comma (kubectl's soft limit, bytes).
constexpr std::size_t kIndexesLength = 50;

std::string indexes_text(const std::string& indexes) {
  if (indexes.empty()) return "<none>";
  const std::size_t comma = indexes.find(',', kIndexesLength);
  return comma == std::string::npos ? indexes : indexes.substr(0, comma + 1) + "...";
}

/// A number or flag as JSON writes it, with an ending; nothing if the field is absent.
void field_if_set(Description& text, const char* title, const json& value, const char* ending = "") {
  if (!value.is_null()) text.field(0, title, (value.is_string() ? value.get<std::string>() : value.dump()) + ending);
}

std::string number_or_unset(const json& value, const char* ending = "") {
  return value.is_number_integer() ? value.dump() + ending : "<unset>";
}

void describe_times(Description& text, const json& job) {
  const json& start = at(job, "/status/startTime");
  const json& end = at(job, "/status/completionTime");
  if (start.is_string()) text.field(0, "Start Time", rfc1123_text(start));
  if (end.is_string()) text.field(0, "Completed At", rfc1123_text(end));
  if (start.is_string() && end.is_string()) text.field(0, "Duration", human_duration(seconds_since(start, unix_seconds_of(end))));
}

}  // namespace

void describe_job(Description& text, const json& job, const DescribeContext& context) {
  describe_name(text, job);
  text.field(0, "Selector", selector_text(at(job, "/spec/selector")));
  describe_labels_and_annotations(text, job);
  describe_controller(text, job);
  field_if_set(text, "Parallelism", at(job, "/spec/parallelism"));
  text.field(0, "Completions", number_or_unset(at(job, "/spec/completions")));
  field_if_set(text, "Completion Mode", at(job, "/spec/completionMode"));
  field_if_set(text, "Suspend", at(job, "/spec/suspend"));
  field_if_set(text, "Backoff Limit", at(job, "/spec/backoffLimit"));
  field_if_set(text, "TTL Seconds After Finished", at(job, "/spec/ttlSecondsAfterFinished"));
  describe_times(text, job);
  field_if_set(text, "Active Deadline Seconds", at(job, "/spec/activeDeadlineSeconds"), "s");
  const json& ready = at(job, "/status/ready");
  text.field(0, "Pods Statuses", fmt::format("{} Active{} / {} Succeeded / {} Failed", number_at(job, "/status/active"),
                                             ready.is_number_integer() ? fmt::format(" ({} Ready)", ready.get<std::int64_t>()) : "",
                                             number_at(job, "/status/succeeded"), number_at(job, "/status/failed")));
  if (text_at(job, "/spec/completionMode") == "Indexed") text.field(0, "Completed Indexes", indexes_text(text_at(job, "/status/completedIndexes")));
  describe_pod_template(text, at(job, "/spec/template"));
  describe_events_of(text, job, context);
}

void describe_cron_job(Description& text, const json& cron_job, const DescribeContext& context) {
  describe_name(text, cron_job);
  describe_labels_and_annotations(text, cron_job);
  text.field(0, "Schedule", text_at(cron_job, "/spec/schedule"));
  text.field(0, "Concurrency Policy", text_at(cron_job, "/spec/concurrencyPolicy"));
  const json& suspend = at(cron_job, "/spec/suspend");
  text.field(0, "Suspend", suspend.is_boolean() ? boolean_text(suspend.get<bool>()) : "<unset>");
  text.field(0, "Successful Job History Limit", number_or_unset(at(cron_job, "/spec/successfulJobsHistoryLimit")));
  text.field(0, "Failed Job History Limit", number_or_unset(at(cron_job, "/spec/failedJobsHistoryLimit")));
  text.field(0, "Starting Deadline Seconds", number_or_unset(at(cron_job, "/spec/startingDeadlineSeconds"), "s"));
  const json& job = at(cron_job, "/spec/jobTemplate/spec");
  const json& selector = at(job, "/selector");
  text.field(0, "Selector", selector.is_object() ? selector_text(selector) : "<unset>");
  text.field(0, "Parallelism", number_or_unset(at(job, "/parallelism")));
  text.field(0, "Completions", number_or_unset(at(job, "/completions")));
  field_if_set(text, "Active Deadline Seconds", at(job, "/activeDeadlineSeconds"), "s");
  describe_pod_template(text, at(job, "/template"));
  const json& last = at(cron_job, "/status/lastScheduleTime");
  text.field(0, "Last Schedule Time", last.is_string() ? rfc1123_text(last) : "<unset>");
  std::vector<std::string> active;
  for (const json& reference : list_at(cron_job, "/status/active")) active.push_back(text_at(reference, "/name"));
  text.field(0, "Active Jobs", or_none(joined(active, ", ")));
  describe_events_of(text, cron_job, context);
}

}  // namespace tandem::kubectl

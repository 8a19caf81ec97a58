// Jobs and CronJobs (pkg/apis/batch/validation).

#include <fmt/format.h>

#include <set>

#include "core/cluster/api/cron_schedule.hpp"
#include "core/cluster/api/decode.hpp"
#include "core/cluster/api/limits.hpp"
#include "core/cluster/api/rules.hpp"

namespace tandem::cluster::api {

namespace {

constexpr std::int64_t kMaxIndexedParallelism = 100000;
constexpr std::int64_t kMaxFailedIndexes = 100000;
constexpr std::int64_t kManyCompletions = 100000;
constexpr std::int64_t kLimitForMany = 10000;  ///< of parallelism and failed indexes with more completions than that

bool is_indexed(const View& spec) { return spec["completionMode"].text() == "Indexed"; }

void check_indexed(FieldErrors& errors, const View& spec, const FieldPath& path) {
  const View completions = spec["completions"];
  const View parallelism = spec["parallelism"];
  const View failed = spec["maxFailedIndexes"];
  if (!completions.present()) errors.required(path / "completions", "when completion mode is Indexed");
  if (parallelism.number() > kMaxIndexedParallelism) {
    errors.invalid(path / "parallelism", parallelism.number(), "must be less than or equal to 100000 when completion mode is Indexed");
  }
  if (completions.present() && failed.present() && failed.number() > completions.number()) {
    errors.invalid(path / "maxFailedIndexes", failed.number(), "must be less than or equal to completions");
  }
  if (failed.number() > kMaxFailedIndexes) errors.invalid(path / "maxFailedIndexes", failed.number(), "must be less than or equal to 100000");
  if (completions.number() <= kManyCompletions || !spec.has("backoffLimitPerIndex")) return;
  constexpr std::string_view kLimit = "must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index";
  if (!failed.present()) errors.required(path / "maxFailedIndexes", "must be specified when completions is above 100000");
  if (parallelism.number() > kLimitForMany) errors.invalid(path / "parallelism", parallelism.number(), kLimit);
  if (failed.number() > kLimitForMany) errors.invalid(path / "maxFailedIndexes", failed.number(), kLimit);
}

void check_completion_mode(FieldErrors& errors, const View& spec, const FieldPath& path) {
  const View mode = spec["completionMode"];
  if (mode.present()) check_one_of(errors, mode, {"NonIndexed", "Indexed"}, path / "completionMode");
  if (is_indexed(spec)) return check_indexed(errors, spec, path);
  if (mode.present() && mode.text() != "NonIndexed") return;
  for (const char* field : {"backoffLimitPerIndex", "maxFailedIndexes"}) {
    if (spec.has(field)) errors.invalid(path / field, spec[field].number(), "requires indexed completion mode");
  }
}

void check_exit_codes(FieldErrors& errors, const View& rule, const View& spec, const FieldPath& path) {
  const std::string op = rule["operator"].text();
  const std::vector<View> values = rule["values"].items();
  if (op.empty()) {
    errors.required(path / "operator", "valid values: [\"In\" \"NotIn\"]");
  } else {
    check_one_of(errors, rule["operator"], {"In", "NotIn"}, path / "operator");
  }
  if (const View name = rule["containerName"]; name.present()) {
    std::set<std::string> names;
    for (const auto& [container, at] : containers_of(spec.at("template", "spec"), "")) names.insert(container["name"].text());
    if (!names.contains(name.text())) errors.invalid(path / "containerName", name.text(), "must be one of the container or initContainer names in the pod template");
  }
  if (values.empty()) {
    errors.invalid(path / "values", rule["values"], "at least one value is required");
  } else if (values.size() > 255) {
    errors.too_many(path / "values", static_cast<std::int64_t>(values.size()), 255);
  }
  std::set<std::int64_t> seen;
  bool ordered = true;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const FieldPath at = (path / "values").index(i);
    if (op == "In" && values[i].number() == 0) errors.invalid(at, 0, "must not be 0 for the In operator");
    if (!seen.insert(values[i].number()).second) errors.duplicate(at, values[i].number());
    ordered = ordered && (i == 0 || values[i - 1].number() <= values[i].number());
  }
  if (!ordered) errors.invalid(path / "values", rule["values"], "must be ordered");
}

void check_conditions(FieldErrors& errors, const View& patterns, const FieldPath& path) {
  if (patterns.size() > 20) errors.too_many(path, static_cast<std::int64_t>(patterns.size()), 20);
  std::size_t i = 0;
  for (const View& pattern : patterns.items()) {
    const FieldPath at = path.index(i++);
    const std::string type = pattern["type"].text();
    errors.invalid_each(at / "type", type, qualified_name_errors(type));
    if (pattern["status"].text().empty()) {
      errors.required(at / "status", "valid values: [\"False\" \"True\" \"Unknown\"]");
    } else {
      check_one_of(errors, pattern["status"], {"False", "True", "Unknown"}, at / "status");
    }
  }
}

void check_failure_policy(FieldErrors& errors, const View& spec, const FieldPath& path) {
  const View rules = spec.at("podFailurePolicy", "rules");
  if (rules.size() > 20) errors.too_many(path, static_cast<std::int64_t>(rules.size()), 20);
  std::size_t i = 0;
  for (const View& rule : rules.items()) {
    const FieldPath at = path.index(i++);
    const std::string action = rule["action"].text();
    if (action.empty()) {
      errors.required(at / "action", "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]");
    } else if (action == "FailIndex") {
      if (!spec.has("backoffLimitPerIndex")) errors.invalid(at / "action", action, "requires the backoffLimitPerIndex to be set");
    } else {
      check_one_of(errors, rule["action"], {"Count", "FailIndex", "FailJob", "Ignore"}, at / "action");
    }
    const bool codes = rule.has("onExitCodes");
    const bool conditions = !rule["onPodConditions"].empty();
    if (codes) check_exit_codes(errors, rule["onExitCodes"], spec, at / "onExitCodes");
    if (conditions) check_conditions(errors, rule["onPodConditions"], at / "onPodConditions");
    if (codes && conditions) errors.invalid(at, BadValue::omitted(), "specifying both OnExitCodes and OnPodConditions is not supported");
    if (!codes && !conditions) errors.invalid(at, BadValue::omitted(), "specifying one of OnExitCodes and OnPodConditions is required");
  }
}

/// "1,3-5" below `completions`: how many indexes, or what is wrong with the text.
struct Indexes {
  std::int64_t count = 0;
  std::string error;
};

Indexes parse_indexes(const std::string& text, std::int64_t completions) {
  Indexes result;
  if (text.empty()) return result;
  std::optional<std::int64_t> last;
  const auto fail_with = [](std::string why) { return Indexes{0, std::move(why)}; };
  for (const std::string& interval : split_text(text, ',')) {
    const std::vector<std::string> limits = split_text(interval, '-');
    if (limits.size() > 2) {
      return fail_with(fmt::format("the fragment {} violates the requirement that an index interval can have at most two parts separated by '-'", go_quote(interval)));
    }
    std::int64_t bounds[2] = {0, 0};
    for (std::size_t i = 0; i < limits.size(); ++i) {
      if (parse_go_integer(limits[i], 64, bounds[i]) != Numeral::Fine) {
        return fail_with(fmt::format("cannot convert string to integer for index: {}", go_quote(limits[i])));
      }
      if (bounds[i] >= completions) return fail_with(fmt::format("too large index: {}", go_quote(limits[i])));
    }
    if (limits.size() == 1) bounds[1] = bounds[0];
    if (limits.size() == 2 && bounds[0] >= bounds[1]) return fail_with(fmt::format("non-increasing order, previous: {}, current: {}", bounds[0], bounds[1]));
    if (last && *last >= bounds[0]) return fail_with(fmt::format("non-increasing order, previous: {}, current: {}", *last, bounds[0]));
    result.count += bounds[1] - bounds[0] + 1;
    last = bounds[1];
  }
  return result;
}

void check_success_policy(FieldErrors& errors, const View& spec, const FieldPath& path) {
  const View policy = spec["successPolicy"];
  if (!is_indexed(spec)) {
    return errors.invalid(path, BadValue::raw(go_dump(policy, struct_type("batch/v1.SuccessPolicy"))), "requires indexed completion mode");
  }
  const View rules = policy["rules"];
  if (rules.empty()) errors.required(path / "rules", "at least one rules must be specified when the successPolicy is specified");
  if (rules.size() > 20) errors.too_many(path / "rules", static_cast<std::int64_t>(rules.size()), 20);
  const std::int64_t completions = spec["completions"].number();
  std::size_t i = 0;
  for (const View& rule : rules.items()) {
    const FieldPath at = (path / "rules").index(i++);
    const View count = rule["succeededCount"];
    const View indexes = rule["succeededIndexes"];
    if (!count.present() && !indexes.present()) errors.required(at, "at least one of succeededCount or succeededIndexes must be specified");
    const Indexes parsed = parse_indexes(indexes.text(), completions);
    if (indexes.text().size() > 64 * 1024) errors.too_long(at / "succeededIndexes", 64 * 1024);
    if (!parsed.error.empty()) errors.invalid(at / "succeededIndexes", indexes.text(), fmt::format("error parsing succeededIndexes: {}", parsed.error));
    if (!count.present()) continue;
    check_not_negative(errors, count, at / "succeededCount");
    if (count.number() > completions) {
      errors.invalid(at / "succeededCount", count.number(), fmt::format("must be less than or equal to {} (the number of specified completions)", completions));
    }
    if (indexes.present() && count.number() > parsed.count) {
      errors.invalid(at / "succeededCount", count.number(),
                     fmt::format("must be less than or equal to {} (the number of indexes in the specified succeededIndexes field)", parsed.count));
    }
  }
}

void check_job_template(FieldErrors& errors, const View& spec, const FieldPath& path, const PodOptions& options) {
  check_pod_template(errors, spec["template"], path / "template", options);
  const std::string restart = spec.at("template", "spec", "restartPolicy").text();
  const FieldPath at = path / "template" / "spec" / "restartPolicy";
  if (restart == "Always" || restart.empty()) {
    errors.required(at, "valid values: \"OnFailure\", \"Never\"");
  } else if (restart != "OnFailure" && restart != "Never") {
    errors.not_supported(at, restart, {"OnFailure", "Never"});
  } else if (spec.has("podFailurePolicy") && restart != "Never") {
    errors.invalid(at, restart, "only \"Never\" is supported when podFailurePolicy is specified");
  }
}

void check_job_spec(FieldErrors& errors, const View& spec, const FieldPath& path, const PodOptions& options) {
  for (const char* field : {"parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes"}) {
    check_not_negative(errors, spec[field], path / field);
  }
  if (spec.has("maxFailedIndexes") && !spec.has("backoffLimitPerIndex")) errors.required(path / "backoffLimitPerIndex", "when maxFailedIndexes is specified");
  if (const View manager = spec["managedBy"]; manager.present()) {
    check_domain_prefixed_path(errors, path / "managedBy", manager.text());
    if (manager.text().size() > 63) errors.too_long(path / "managedBy", 63);
  }
  check_completion_mode(errors, spec, path);
  if (spec.has("podFailurePolicy")) check_failure_policy(errors, spec, path / "podFailurePolicy" / "rules");
  if (spec.has("successPolicy")) check_success_policy(errors, spec, path / "successPolicy");
  if (const View replacement = spec["podReplacementPolicy"]; replacement.present()) {
    const std::vector<std::string> allowed = spec.has("podFailurePolicy") ? std::vector<std::string>{"Failed"} : std::vector<std::string>{"Failed", "TerminatingOrFailed"};
    check_one_of(errors, replacement, allowed, path / "podReplacementPolicy");
  }
  check_job_template(errors, spec, path, options);
}

void check_label(FieldErrors& errors, const View& labels, const char* key, const std::string& expected) {
  const FieldPath path = FieldPath("spec.template.metadata.labels").key(key);
  if (!labels.has(key)) return errors.required(path, fmt::format("must be '{}'", expected));
  if (labels[key].text() != expected) errors.invalid(path, labels, fmt::format("must be '{}'", expected));
}

void check_generated_selector(FieldErrors& errors, const View& job, bool prefixed) {
  const View spec = job["spec"];
  if (spec["manualSelector"].flag() || !spec["selector"].present()) return;
  const std::string uid = job.at("metadata", "uid").text();
  const std::string name = job.at("metadata", "name").text();
  if (uid.empty()) errors.required("metadata.uid");
  const View labels = spec.at("template", "metadata", "labels");
  Json expected = {{"controller-uid", uid}, {"job-name", name}};
  check_label(errors, labels, "controller-uid", uid);
  check_label(errors, labels, "job-name", name);
  if (prefixed) {
    check_label(errors, labels, "batch.kubernetes.io/controller-uid", uid);
    check_label(errors, labels, "batch.kubernetes.io/job-name", name);
    expected["batch.kubernetes.io/controller-uid"] = uid;
    expected["batch.kubernetes.io/job-name"] = name;
  }
  const SelectorMatch match = match_selector(spec["selector"], View(expected));
  if (match.valid && !match.matches) errors.invalid("spec.selector", selector_value(spec["selector"]), "`selector` not auto-generated");
}

void check_full_job_spec(FieldErrors& errors, const View& spec, const PodOptions& options) {
  check_job_spec(errors, spec, "spec", options);
  if (!spec["selector"].present()) {
    errors.required("spec.selector");
  } else {
    check_label_selector(errors, spec["selector"], "spec.selector");
  }
  const View labels = spec.at("template", "metadata", "labels");
  const SelectorMatch match = match_selector(spec["selector"], labels);
  if (match.valid && !match.matches) errors.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`");
}

void check_whole_job(FieldErrors& errors, const View& job, const PodOptions& options, bool prefixed) {
  const View spec = job["spec"];
  check_object_meta(errors, job["metadata"], true, name_is_subdomain);
  check_generated_selector(errors, job, prefixed);
  check_full_job_spec(errors, spec, options);
  if (!is_indexed(spec) || spec["completions"].number() <= 0) return;
  const std::string name = job.at("metadata", "name").text();
  const std::string host = fmt::format("{}-{}", name, spec["completions"].number() - 1);
  if (!dns1123_label_errors(host).empty()) errors.invalid("metadata.name", name, fmt::format("will not able to create pod with invalid DNS label: {}", host));
}

/// The old template as it may look while the Job is suspended and has not started: scheduling and labels from the new one.
Json mutable_template(const View& old, const View& now, bool may_change) {
  Json copy = old.json();
  if (!may_change) return copy;
  const auto take = [](Json& to, const View& from, const char* field) {
    if (from.has(field)) {
      to[field] = from[field].json();
    } else if (to.is_object()) {
      to.erase(field);
    }
  };
  for (const char* field : {"nodeSelector", "tolerations", "schedulingGates"}) take(copy["spec"], now["spec"], field);
  for (const char* field : {"annotations", "labels"}) take(copy["metadata"], now["metadata"], field);
  const View affinity = now.at("spec", "affinity");
  if (affinity.present() || View(copy).at("spec", "affinity").present()) {
    if (affinity.present() && copy["spec"]["affinity"].is_null()) copy["spec"]["affinity"] = Json::object();
    take(copy["spec"]["affinity"], affinity, "nodeAffinity");
    if (copy["spec"]["affinity"].empty() && !affinity.present()) copy["spec"].erase("affinity");
  }
  return copy;
}

void check_job_change(FieldErrors& errors, const View& job, const View& old) {
  const View spec = job["spec"];
  const View before = old["spec"];
  const FieldPath path("spec");
  if (!is_indexed(spec)) {
    check_immutable(errors, spec["completions"], before["completions"], path / "completions");
  } else if (!(spec["completions"] == before["completions"])) {
    if (spec["completions"].present() && spec["completions"].number() != spec["parallelism"].number()) {
      errors.invalid(path / "completions", spec["completions"].number(), "can only be modified in tandem with spec.parallelism");
    }
  }
  if (!(spec["selector"] == before["selector"])) errors.invalid(path / "selector", selector_value(spec["selector"]), kImmutable);
  const bool may_change = before["suspend"].flag() && !old.at("status", "startTime").present();
  const Json allowed = mutable_template(before["template"], spec["template"], may_change);
  if (!equal_structs(spec["template"].json(), allowed, struct_type("core/v1.PodTemplateSpec"))) {
    errors.invalid(path / "template", BadValue::raw(go_dump(spec["template"], struct_type("core/v1.PodTemplateSpec"))), kImmutable);
  }
  for (const char* field : {"completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"}) {
    check_immutable(errors, spec[field], before[field], path / field);
  }
}

void check_schedule(FieldErrors& errors, const View& spec, const View& old, const FieldPath& path) {
  const std::string schedule = spec["schedule"].text();
  if (schedule.empty()) return errors.required(path);
  if (const auto objection = cron_schedule_error(schedule)) errors.invalid(path, schedule, *objection);
  const bool has_zone = schedule.find("TZ") != std::string::npos;
  const bool allowed = old["schedule"].text().find("TZ") != std::string::npos;
  if (has_zone && allowed && spec.has("timeZone")) errors.invalid(path, schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule");
  if (has_zone && !allowed) errors.invalid(path, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
}

void check_time_zone(FieldErrors& errors, const View& zone, const FieldPath& path) {
  if (!zone.present()) return;
  const std::string name = zone.text();
  if (name.empty()) return errors.invalid(path, name, "timeZone must be nil or non-empty string");
  const std::string unknown = fmt::format("unknown time zone {}", name);
  const auto is_allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' || c == '+'; };
  for (const std::string& part : split_text(name, '/')) {
    const bool valid = !part.empty() && part.size() <= 14 && part != "." && part != ".." && part[0] != '-' && std::all_of(part.begin(), part.end(), is_allowed);
    if (!valid) return errors.invalid(path, name, unknown);
  }
  if (lower(name) == "local") errors.invalid(path, name, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
  if (!is_time_zone(name)) errors.invalid(path, name, unknown);
}

}  // namespace

void check_job(FieldErrors& errors, const View& object, const View& old) {
  const View old_template = old.at("spec", "template");
  const PodOptions options = pod_options(old_template["spec"], old_template["metadata"]);
  const View old_labels = old_template.at("metadata", "labels");
  const bool prefixed = !old.present() || (old_labels.has("batch.kubernetes.io/job-name") && old_labels.has("batch.kubernetes.io/controller-uid"));
  check_whole_job(errors, object, options, prefixed);
  if (!old.present()) return;
  // On an update Kubernetes validates the spec twice, and both copies of an error reach the user.
  check_object_meta_update(errors, object["metadata"], old["metadata"], true);
  check_full_job_spec(errors, object["spec"], options);
  check_job_change(errors, object, old);
}

void check_cron_job(FieldErrors& errors, const View& object, const View& old) {
  const View spec = object["spec"];
  const View before = old["spec"];
  const FieldPath path("spec");
  if (old.present()) {
    check_object_meta_update(errors, object["metadata"], old["metadata"], true);
  } else {
    check_object_meta(errors, object["metadata"], true, name_is_subdomain);
  }
  check_schedule(errors, spec, before, path / "schedule");
  check_not_negative(errors, spec["startingDeadlineSeconds"], path / "startingDeadlineSeconds");
  if (!old.present() || !(before["timeZone"] == spec["timeZone"])) check_time_zone(errors, spec["timeZone"], path / "timeZone");
  if (spec["concurrencyPolicy"].text().empty()) {
    errors.required(path / "concurrencyPolicy");
  } else {
    check_one_of(errors, spec["concurrencyPolicy"], {"Allow", "Forbid", "Replace"}, path / "concurrencyPolicy");
  }
  const View job = spec.at("jobTemplate", "spec");
  const FieldPath job_path = path / "jobTemplate" / "spec";
  const View old_template = before.at("jobTemplate", "spec", "template");
  check_job_spec(errors, job, job_path, pod_options(old_template["spec"], old_template["metadata"]));
  if (job.has("selector")) errors.invalid(job_path / "selector", selector_value(job["selector"]), "`selector` will be auto-generated");
  if (job["manualSelector"].flag()) errors.not_supported(job_path / "manualSelector", true, {"nil", "false"});
  check_not_negative(errors, spec["successfulJobsHistoryLimit"], path / "successfulJobsHistoryLimit");
  check_not_negative(errors, spec["failedJobsHistoryLimit"], path / "failedJobsHistoryLimit");
  const std::string name = object.at("metadata", "name").text();
  constexpr std::size_t kMaxName = 52;  // 63 without the eleven characters that the controller appends
  if (!old.present() && name.size() > kMaxName) errors.invalid("metadata.name", name, "must be no more than 52 characters");
}

}  // namespace tandem::cluster::api

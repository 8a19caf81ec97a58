// Answers of the Kubernetes API code: defaulting, validation, update rules, LimitRange, ResourceQuota, int-or-percent.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/cluster/api/defaulting.hpp"
#include "core/cluster/api/limits.hpp"
#include "core/cluster/api/server_rules.hpp"
#include "core/cluster/api/text_rules.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;
using namespace cluster;

using Difference = std::optional<std::string>;

constexpr const char* kUid = "00000000-0000-4000-8000-000000000001";
constexpr const char* kNow = "NOW";

Difference differs(std::string_view what, const json& ours, const json& recorded) {
  if (ours == recorded) return std::nullopt;
  return fmt::format("{} is {}, recorded {}", what, ours.dump(), recorded.dump());
}

/// True for null and for structures that hold nothing but empty ones.
bool is_hollow(const json& value) {
  if (!value.is_structured()) return value.is_null();
  return std::all_of(value.begin(), value.end(), is_hollow);
}

/// As the recordings leave it out: an empty status, and what the server puts into every object.
json recorded_form(json object) {
  if (object.contains("status") && is_hollow(object["status"])) object.erase("status");
  if (object.contains("metadata")) {
    object["metadata"].erase("creationTimestamp");
    object["metadata"].erase("uid");
  }
  return object;
}

api::SystemFields system_fields() {
  api::SystemFields system;
  system.uid = kUid;
  system.now = kNow;
  return system;
}

bool starts_dump(std::string_view text) {
  if (text.starts_with('[')) text.remove_prefix(1);
  return text.starts_with("{\"") && text.size() > 2 && ((text[2] >= 'A' && text[2] <= 'Z') || text.starts_with("{\"labels\"") || text.find(",\"Spec\":{") != text.npos);
}

/// Where the dump of a message "Invalid value: {...}: clause" begins; npos without a dump.
std::size_t dump_start(const std::string& message) {
  const std::size_t colon = message.find(": ");
  if (colon == std::string::npos) return colon;
  const char first = message.substr(colon + 2, 1).c_str()[0];
  return first == '{' || first == '[' ? colon + 2 : std::string::npos;
}

/// A message that shows a whole Go structure or a diff is compared by its kind and last clause only (the folder's rule):
/// `with_dump` tells that the recorded one shows a structure.
std::string comparable(const std::string& message, bool with_dump) {
  std::string first = message.substr(0, message.find('\n'));
  const std::size_t start = dump_start(first);
  if (!with_dump || start == std::string::npos) return first;
  const std::size_t end = first.rfind("}: ") == std::string::npos ? first.rfind("]: ") : first.rfind("}: ");
  return first.substr(0, start) + (end == std::string::npos ? "" : first.substr(end + 3));
}

bool shows_structure(const std::string& message) {
  const std::size_t start = dump_start(message);
  return start != std::string::npos && starts_dump(std::string_view(message).substr(start));
}

using Places = std::set<std::string>;

std::string place_of(const json& error) { return fmt::format("{} | {}", error.at(0).get<std::string>(), error.at(1).get<std::string>()); }

/// Messages that list a map's keys come in any order, so the errors are compared as a sorted list.
std::vector<std::string> sorted_errors(const json& errors, const Places& with_dumps) {
  std::vector<std::string> texts;
  for (const json& error : errors) {
    const std::string place = place_of(error);
    texts.push_back(fmt::format("{} | {}", place, comparable(error.at(2).get<std::string>(), with_dumps.contains(place))));
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

json errors_of(const api::Answer& answer) {
  if (!answer.bad_request.empty()) return {{"", "?", answer.bad_request}};
  json list = json::array();
  for (const api::FieldError& error : answer.errors.all()) list.push_back({error.field, api::cause_name(error.type), error.message});
  return list;
}

Difference compare_errors(const json& errors, const json& recorded) {
  Places with_dumps;
  for (const json& error : recorded) {
    if (shows_structure(error.at(2).get<std::string>())) with_dumps.insert(place_of(error));
  }
  const std::vector<std::string> ours = sorted_errors(errors, with_dumps);
  const std::vector<std::string> theirs = sorted_errors(recorded, with_dumps);
  if (ours == theirs) return std::nullopt;
  std::vector<std::string> added;
  std::set_difference(ours.begin(), ours.end(), theirs.begin(), theirs.end(), std::back_inserter(added));
  std::vector<std::string> missing;
  std::set_difference(theirs.begin(), theirs.end(), ours.begin(), ours.end(), std::back_inserter(missing));
  return fmt::format("errors that are not recorded: [{}], recorded ones that are missing: [{}]", fmt::join(added, "; "), fmt::join(missing, "; "));
}

Difference compare_warnings(std::vector<std::string> ours, const json& test_case) {
  std::vector<std::string> theirs = test_case.value("warnings", std::vector<std::string>{});
  std::sort(ours.begin(), ours.end());
  std::sort(theirs.begin(), theirs.end());
  return differs("warnings", ours, theirs);
}

Difference check_validation(const json& test_case) {
  const api::Answer answer = api::create(test_case.at("in"), system_fields());
  if (test_case.contains("decode") || answer.decode_error) {
    return differs("decode error", answer.decode_error.value_or(""), test_case.value("decode", ""));
  }
  const api::Decoded decoded = api::decode(test_case.at("in"));
  if (auto d = differs("strict error", api::strict_error(decoded).value_or(""), test_case.value("strict", ""))) return d;
  if (auto d = compare_errors(errors_of(answer), test_case.at("errors"))) return d;
  const json& errors = test_case.at("errors");
  const bool one_plain = errors.size() == 1 && !shows_structure(errors[0].at(2).get<std::string>());  // several errors come in no fixed order
  if (test_case.contains("message") && one_plain) {
    if (auto d = differs("message", answer.message, test_case["message"])) return d;
  }
  return compare_warnings(answer.warnings, test_case);
}

/// The recordings write NOW for the time of the call.
json with_times(const json& value) {
  if (value == kNow) return "2000-01-01T00:00:00Z";
  json copy = value;
  if (value.is_structured()) {
    for (json& inner : copy) inner = with_times(inner);
  }
  return copy;
}

Difference check_update(const json& test_case) {
  const api::Answer answer = api::update(with_times(test_case.at("in")), with_times(test_case.at("old")));
  if (answer.decode_error) return fmt::format("decode error {}", *answer.decode_error);
  if (auto d = compare_errors(errors_of(answer), test_case.at("errors"))) return d;
  if (auto d = compare_warnings(answer.warnings, test_case)) return d;
  if (!test_case.contains("generation")) return std::nullopt;
  const auto generation = [](const json& object) { return object.at("metadata").value("generation", std::int64_t{0}); };
  return differs("generation", json::array({generation(test_case.at("old")), generation(answer.stored)}), test_case["generation"]);
}

Difference check_defaults(const json& test_case) {
  const api::Answer answer = api::create(test_case.at("in"), system_fields());
  if (answer.decode_error) return fmt::format("decode error {}", *answer.decode_error);
  if (auto d = differs("defaulted object", recorded_form(answer.defaulted), recorded_form(test_case.at("out")))) return d;
  if (test_case.contains("invalid")) return answer.errors.empty() ? Difference("accepted, recorded as refused") : std::nullopt;
  if (!answer.errors.empty()) return fmt::format("refused: {}", answer.message);
  const json& created = test_case.contains("created") ? test_case["created"] : test_case["out"];
  if (auto d = differs("created object", recorded_form(answer.stored), recorded_form(created))) return d;
  return compare_warnings(answer.warnings, test_case);
}

Difference check_int_or_string(const json& test_case) {
  if (test_case.contains("parse")) {
    const json parsed = api::parse_int_or_string(test_case["parse"].get<std::string>());
    if (auto d = differs("type", parsed.is_string() ? "string" : "int", test_case["type"])) return d;
    const json text = parsed.is_string() ? parsed : json(parsed.dump());
    if (auto d = differs("text", text, test_case["text"])) return d;
    std::int64_t number = 0;
    if (!api::go_atoi_error(text.get<std::string>(), number).empty()) number = 0;
    return differs("intValue", number, test_case["intValue"]);
  }
  if (test_case.contains("error")) {
    const auto value = api::scaled_value(api::View(test_case["in"]), 10, true);
    return value ? Difference("accepted, recorded an error") : differs("error", value.error().what, test_case["error"]);
  }
  const json& totals = test_case.at("totals");
  for (std::size_t i = 0; i < totals.size(); ++i) {
    for (const bool up : {true, false}) {
      const auto value = api::scaled_value(api::View(test_case["in"]), totals[i].get<std::int64_t>(), up);
      if (!value) return value.error().what;
      if (auto d = differs(up ? "up" : "down", *value, test_case[up ? "up" : "down"][i])) return d;
    }
  }
  return std::nullopt;
}

/// Decoded, defaulted and prepared, as admission sees it.
json admitted(const json& manifest) {
  api::Decoded decoded = api::decode(manifest);
  if (decoded.error) throw std::runtime_error(*decoded.error);
  api::apply_defaults(decoded.object, *decoded.kind->structure);
  return decoded.object;
}

Difference check_limit_range(const json& test_case) {
  const api::Answer answer = api::create(test_case.at("limitRange"), system_fields());
  if (test_case.contains("limitRangeErrors") || !answer.errors.empty()) {
    return compare_errors(errors_of(answer), test_case.value("limitRangeErrors", json::array()));
  }
  if (auto d = differs("limits", answer.stored.at("spec").at("limits"), test_case.at("limitsDefaulted"))) return d;
  const api::View limit_range(answer.stored);
  json pod = admitted(test_case.at("pod"));
  const std::string kind = pod.at("kind").get<std::string>();
  if (kind == "Pod") api::apply_limit_range(pod, limit_range);
  if (test_case.contains("resources")) {
    json resources = json::array();
    for (const char* containers : {"initContainers", "containers"}) {
      for (const json& container : pod["spec"].value(containers, json::array())) {
        json own = json::object();
        for (const auto& [side, list] : container.at("resources").items()) {
          if (!list.empty()) own[side] = list;
        }
        resources.push_back({{"name", container.at("name")}, {"resources", own}});
      }
    }
    if (auto d = differs("resources", resources, test_case["resources"])) return d;
  }
  if (auto d = differs("annotations", pod["metadata"].value("annotations", json::object()), test_case.value("annotations", json::object()))) return d;
  return differs("errors", api::limit_range_violations(api::View(pod), kind, limit_range), test_case.at("errors"));
}

Difference check_quota(const json& test_case) {
  const json object = admitted(test_case.at("in"));
  const api::View view(object);
  const std::string kind = object.at("kind").get<std::string>();
  constexpr std::int64_t kLongAfter = 4102444800;  // 2100-01-01, after every deletion time of the cases
  const json usage = api::resource_json(api::quota_usage(view, kind, kLongAfter));
  if (auto d = differs("usage", usage, test_case.at("usage"))) return d;
  if (test_case.contains("scopes")) {
    if (auto d = differs("scopes", api::quota_scopes(view, kind), test_case["scopes"])) return d;
  }
  for (const json& constraint : test_case.value("constraints", json::array())) {
    const auto objection = api::quota_constraint(view, kind, constraint.at(0).get<std::vector<std::string>>());
    if (auto d = differs(constraint.at(0).dump(), objection.value_or(""), constraint.at(1))) return d;
  }
  return std::nullopt;
}

template <Difference (*Check)(const json&)>
void check_file(const json& file, Tally& tally) { for_each_case(file, tally, Check); }

}  // namespace

std::vector<Family> api_rule_families() {
  return {{"api/defaults", check_file<check_defaults>},       {"api/intorstring", check_file<check_int_or_string>},
          {"api/limitrange", check_file<check_limit_range>},  {"api/quota_usage", check_file<check_quota>},
          {"api/validation", check_file<check_validation>},   {"api/validation_update", check_file<check_update>}};
}

}  // namespace tandem::truth

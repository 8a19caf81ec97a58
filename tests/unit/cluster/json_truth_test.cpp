// Every typed object of the recorded answers of kubectl and kube-scheduler goes through from_json and to_json without loss.
// What may differ is only what the API server itself changes on the way: the canonical text of a quantity, an empty field that
// is left out, and a default that is filled in.

#include <algorithm>
#include <array>
#include <fstream>
#include <set>

#include "core/base/quantity.hpp"
#include "tests/truth/truth_data.hpp"
#include "tests/unit/cluster/samples.hpp"

namespace tandem::cluster {
namespace {

bool is_empty(const Json& value) {
  return value.is_null() || value == false || value == 0 || value == "" || ((value.is_object() || value.is_array()) && value.empty());
}

bool is_quantity_list(const std::string& key) {
  static const std::set<std::string> kLists = {"requests", "limits", "capacity", "allocatable", "overhead"};
  return kLists.contains(key);
}

/// Removes empty fields from the inside out, and writes quantities in their canonical text.
Json normalised(const Json& value, bool quantities = false) {
  if (value.is_array()) {
    Json list = Json::array();
    for (const Json& element : value) list.push_back(normalised(element));
    return list;
  }
  if (value.is_object()) {
    Json object = Json::object();
    for (const auto& [key, field] : value.items()) {
      Json inner = quantities && !field.is_structured()
                       ? Json(Quantity::parse(field.is_string() ? field.get<std::string>() : field.dump()).value().text())
                       : normalised(field, is_quantity_list(key));
      if (quantities || !is_empty(inner)) object[key] = std::move(inner);
    }
    return object;
  }
  return value;
}

/// A default of the API server that from_json fills in, by the end of its path.
struct Default {
  std::string_view path;
  Json value;
};

bool is_default(const std::string& path, const Json& value) {
  static const std::array<Default, 18> kDefaults = {{
      {"/restartPolicy", "Always"}, {"/schedulerName", "default-scheduler"}, {"/terminationGracePeriodSeconds", 30},
      {"/protocol", "TCP"}, {"/periodSeconds", 10}, {"/timeoutSeconds", 1}, {"/successThreshold", 1}, {"/failureThreshold", 3},
      {"/httpGet/path", "/"}, {"/httpGet/scheme", "HTTP"}, {"/spec/type", "ClusterIP"}, {"/spec/replicas", 1},
      {"/strategy/type", "RollingUpdate"}, {"/rollingUpdate/maxSurge", "25%"}, {"/rollingUpdate/maxUnavailable", "25%"},
      {"/progressDeadlineSeconds", 600}, {"/revisionHistoryLimit", 10}, {"/maxSkew", 1}}};
  return std::any_of(kDefaults.begin(), kDefaults.end(),
                     [&](const Default& d) { return path.ends_with(d.path) && d.value == value; });
}

/// Field by field; what is only in ours must be a default of the API server.
void compare(const std::string& path, const Json& theirs, const Json& ours, std::vector<std::string>& differences) {
  if (theirs.is_object() && ours.is_object()) {
    for (const auto& [key, value] : theirs.items()) {
      if (!ours.contains(key)) {
        differences.push_back("lost " + path + "/" + key + " = " + value.dump());
      } else {
        compare(path + "/" + key, value, ours.at(key), differences);
      }
    }
    for (const auto& [key, value] : ours.items()) {
      if (theirs.contains(key)) continue;
      if (value.is_object()) {
        compare(path + "/" + key, Json::object(), value, differences);
      } else if (!is_default(path + "/" + key, value)) {
        differences.push_back("invented " + path + "/" + key + " = " + value.dump());
      }
    }
  } else if (theirs.is_array() && ours.is_array() && theirs.size() == ours.size()) {
    for (std::size_t i = 0; i < theirs.size(); ++i) {
      compare(path + "[" + std::to_string(i) + "]", theirs[i], ours[i], differences);
    }
  } else if (theirs != ours) {
    differences.push_back("changed " + path + ": " + theirs.dump() + " to " + ours.dump());
  }
}

/// podIP and podIPs[0].ip are the same field to the API server; the recordings leave one of them out.
void complete_pod_addresses(Json& object) {
  if (object.value("kind", "") != "Pod" || !object.contains("status")) return;
  Json& status = object["status"];
  if (status.contains("podIP") && !status.contains("podIPs")) status["podIPs"] = {{{"ip", status["podIP"]}}};
  if (status.contains("podIPs") && !status.contains("podIP")) status["podIP"] = status["podIPs"][0]["ip"];
}

std::vector<std::string> differences_of(Json document) {
  std::vector<std::string> differences;
  const Checked<AnyObject> read = object_from_json(document);
  if (!read) {
    for (const Error& error : read.error()) differences.push_back(error.what + " found " + error.found);
    return differences;
  }
  complete_pod_addresses(document);
  compare("", normalised(document), normalised(to_json(*read)), differences);

  // Nanosecond times read back as the very same object.
  const Checked<AnyObject> again = object_from_json(to_json(*read, TimeFormat::Nanoseconds));
  if (!again || !(*again == *read)) differences.push_back("the written object reads back as another one");
  return differences;
}

/// Every object with apiVersion, kind and metadata, wherever it stands.
template <class Visit>
void for_each_object(const Json& value, Visit&& visit) {
  if (value.is_object() && value.contains("apiVersion") && value.contains("kind") && value.contains("metadata")) {
    visit(value);
    return;
  }
  if (!value.is_structured()) return;
  for (const Json& inner : value) for_each_object(inner, visit);
}

/// Checks one folder of the truth; how many objects it held.
std::size_t check_folder(const std::string& folder) {
  std::size_t objects = 0;
  std::size_t broken = 0;
  const std::filesystem::path root = truth::truth_folder();
  for (const std::string& family : truth::families_in(root)) {
    if (!family.starts_with(folder + "/")) continue;
    std::ifstream file(root / (family + ".json"));
    for_each_object(Json::parse(file), [&](const Json& object) {
      ++objects;
      const auto differences = differences_of(object);
      if (differences.empty() || ++broken > 10) return;
      ADD_FAILURE() << family << " " << object["kind"] << " " << object["metadata"].value("name", "") << "\n  "
                    << differences.front() << " (" << differences.size() << " differences)";
    });
  }
  EXPECT_EQ(broken, 0u) << "of " << objects;
  return objects;
}

TEST(JsonTruth, EveryObjectThatKubectlPrintedSurvives) {
  if (check_folder("kubectl") == 0) GTEST_SKIP() << "no kubectl families in " << truth::truth_folder();
}

TEST(JsonTruth, EveryObjectThatTheSchedulerWasGivenSurvives) {
  if (check_folder("scheduler") == 0) GTEST_SKIP() << "no scheduler families in " << truth::truth_folder();
}

TEST(JsonTruth, AComparisonThatLosesSomethingIsNoticed) {
  std::vector<std::string> differences;
  compare("", Json{{"a", 1}, {"b", {{"c", "x"}}}}, Json{{"b", {{"c", "y"}, {"d", 2}}}}, differences);
  EXPECT_EQ(differences.size(), 3u);
}

}  // namespace
}  // namespace tandem::cluster

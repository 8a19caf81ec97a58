// The hand-written rules of pod JSON.

#include "core/cluster/json_pod.hpp"

#include <fmt/format.h>

namespace tandem::cluster {

namespace {

// By variant index.
constexpr std::array<std::string_view, 4> kProbeActions = {"httpGet", "tcpSocket", "exec", "grpc"};
constexpr std::array<std::string_view, 4> kLifecycleActions = {"httpGet", "tcpSocket", "exec", "sleep"};

struct OneOfTexts {
  std::string_view none;
  std::string_view several;
};

/// Reads the one field of `names` that is there into the variant; anything but one is an error.
template <class... Alternatives, class Variant>
void read_one_of(JsonReader& reader, const std::array<std::string_view, sizeof...(Alternatives)>& names, Variant& out,
                 const OneOfTexts& texts) {
  int given = 0;
  std::size_t index = 0;
  const auto alternative = [&]<class T>(T action) {
    const std::string_view key = names[index++];
    const Json* found = reader.take(key);
    if (found == nullptr) return;
    ++given;
    read_value(*found, PathStep{&reader.step(), key}, reader.errors(), action);
    out = std::move(action);
  };
  (alternative(Alternatives{}), ...);
  if (given == 1) return;
  const std::string path = to_string(reader.step());
  Error error = make_error(given == 0 ? ErrorCode::ValueMissing : ErrorCode::ValueConflict,
                           path + std::string(given == 0 ? texts.none : texts.several));
  error.path = path;
  error.allowed = fmt::format("exactly one of {}", fmt::join(names, ", "));
  reader.errors().push_back(std::move(error));
}

template <std::size_t count, class Variant>
void write_one_of(JsonWriter& writer, const std::array<std::string_view, count>& names, const Variant& value) {
  writer.put(names[value.index()], std::visit([&](const auto& action) { return writer.to_value(action); }, value));
}

/// The state in `value`, or nothing if it is an empty object.
std::optional<ContainerState> read_state(const Json& value, const PathStep& step, Errors& errors) {
  JsonReader reader(value, step, errors);
  std::optional<ContainerState> state;
  const auto alternative = [&]<class T>(std::string_view key, T typed) {
    const Json* found = reader.take(key);
    if (found == nullptr) return;
    read_value(*found, PathStep{&step, key}, errors, typed);
    state = std::move(typed);
  };
  alternative("waiting", ContainerStateWaiting{});
  alternative("running", ContainerStateRunning{});
  alternative("terminated", ContainerStateTerminated{});
  return state;
}

Json write_state(const JsonWriter& writer, const ContainerState& state) {
  static constexpr std::array<std::string_view, 3> kNames = {"waiting", "running", "terminated"};
  Json::object_t object;
  object.emplace(kNames[state.index()], std::visit([&](const auto& typed) { return writer.to_value(typed); }, state));
  return object;
}

}  // namespace

void probe_action(JsonReader& reader, Probe& probe) {
  read_one_of<HttpGetAction, TcpSocketAction, ExecAction, GrpcAction>(
      reader, kProbeActions, probe.action, {" must say how to probe", " must have one way to probe only"});
}
void probe_action(JsonWriter& writer, const Probe& probe) { write_one_of(writer, kProbeActions, probe.action); }

void lifecycle_action(JsonReader& reader, LifecycleHandler& handler) {
  read_one_of<HttpGetAction, TcpSocketAction, ExecAction, SleepAction>(
      reader, kLifecycleActions, handler.action, {" must say what to do", " must have one thing to do only"});
}
void lifecycle_action(JsonWriter& writer, const LifecycleHandler& handler) {
  write_one_of(writer, kLifecycleActions, handler.action);
}

void text_list(JsonReader& reader, std::string_view key, std::string_view field, std::vector<std::string>& out) {
  const Json* list = reader.take(key);
  if (list == nullptr) return;
  const PathStep step{&reader.step(), key};
  if (!list->is_array()) {
    add_type_error(reader.errors(), step, *list, "a list");
    return;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const PathStep element_step{&step, {}, i};
    JsonReader element((*list)[i], element_step, reader.errors());
    std::string text;
    element(field, text);
    out.push_back(std::move(text));
  }
}

void text_list(JsonWriter& writer, std::string_view key, std::string_view field, const std::vector<std::string>& list) {
  if (list.empty()) return;
  Json::array_t array;
  for (const std::string& text : list) array.push_back(Json::object_t{{std::string(field), text}});
  writer.put(key, std::move(array));
}

void container_states(JsonReader& reader, ContainerStatus& status) {
  if (const Json* state = reader.take("state")) {
    if (auto read = read_state(*state, PathStep{&reader.step(), "state"}, reader.errors())) status.state = std::move(*read);
  }
  if (const Json* state = reader.take("lastState")) {
    status.last_state = read_state(*state, PathStep{&reader.step(), "lastState"}, reader.errors());
  }
}

void container_states(JsonWriter& writer, const ContainerStatus& status) {
  writer.put("state", write_state(writer, status.state));
  writer.put("lastState", status.last_state ? write_state(writer, *status.last_state) : Json(Json::object_t{}));
}

void pod_addresses(JsonReader& reader, PodStatus& status) {
  reader("podIP", status.pod_ip);
  const Json* list = reader.take("podIPs");
  if (list == nullptr) return;
  if (!list->is_array()) {
    add_type_error(reader.errors(), PathStep{&reader.step(), "podIPs"}, *list, "a list");
    return;
  }
  if (status.pod_ip.empty() && !list->empty() && list->front().is_object()) {
    if (const auto ip = list->front().find("ip"); ip != list->front().end() && ip->is_string()) {
      status.pod_ip = ip->get<std::string>();
    }
  }
  if (list->size() > 1) reader.keep("podIPs", *list);  // dual stack
}

void pod_addresses(JsonWriter& writer, const PodStatus& status) {
  if (status.pod_ip.empty()) return;
  writer.put("podIP", status.pod_ip);
  const bool several = status.rest.fields && status.rest.fields->contains("podIPs");
  if (!several) writer.put("podIPs", Json::array_t{Json::object_t{{"ip", status.pod_ip}}});
}

void phase_field(JsonReader& reader, PodPhase& phase) {
  phase = PodPhase::None;
  reader("phase", phase);
}

void phase_field(JsonWriter& writer, PodPhase phase) {
  if (phase != PodPhase::None) writer.always("phase", phase);
}

}  // namespace tandem::cluster

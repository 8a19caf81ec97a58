#include "tests/unit/real/fake_engine.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace tandem::docker {

namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// "name" of "/path?name=value&…", decoded.
std::string parameter(const std::string& path, const std::string& name) {
  for (const char* separator : {"?", "&"}) {
    const std::size_t begin = path.find(separator + name + "=");
    if (begin == std::string::npos) continue;
    const std::size_t value = begin + name.size() + 2;
    return decoded(std::string_view(path).substr(value, path.find('&', value) - value));
  }
  return {};
}

ServedAnswer answered(int status, const json& body) { return {.status = status, .body = body.dump()}; }
ServedAnswer refused(int status, const std::string& message) { return answered(status, {{"message", message}}); }

LabelMap labels_in(const json& value) {
  LabelMap labels;
  if (!value.is_object()) return labels;
  for (const auto& [name, text] : value.items()) labels[name] = text.get<std::string>();
  return labels;
}

bool matches(const LabelMap& labels, const std::string& filters) {
  const json wanted = filters.empty() ? json::object() : json::parse(filters);
  for (const std::string& label : wanted.value("label", std::vector<std::string>())) {
    const std::size_t equals = label.find('=');
    const auto found = labels.find(label.substr(0, equals));
    if (found == labels.end() || (equals != std::string::npos && found->second != label.substr(equals + 1))) return false;
  }
  return true;
}

json described(const FakeEngine::Object& object, bool listed) {
  const std::string state = object.running ? "running" : "created";
  if (object.type == "network") return {{"Id", object.id}, {"Name", object.name}, {"Labels", object.labels}, {"IPAM", {{"Config", json::array()}}}};
  if (object.type == "volume") return {{"Name", object.name}, {"Labels", object.labels}};
  if (listed) return {{"Id", object.id}, {"Names", {"/" + object.name}}, {"Labels", object.labels}, {"State", state}};
  return {{"Id", object.id}, {"Name", "/" + object.name}, {"Config", {{"Labels", object.labels}}},
          {"State", {{"Status", state}, {"Running", object.running}, {"ExitCode", 0}, {"Pid", object.running ? 1 : 0}}}};
}

}  // namespace

FakeEngine::FakeEngine(std::string socket_path) : socket_path_(std::move(socket_path)) { start(); }
FakeEngine::~FakeEngine() { stop(); }

void FakeEngine::stop() { server_.reset(); }
void FakeEngine::start() {
  server_ = std::make_unique<testing::HttpTestServer>(socket_path_, [this](const ServedRequest& request) { return serve(request); });
}

std::string FakeEngine::add(const std::string& type, const std::string& name, const LabelMap& labels, std::chrono::milliseconds delay, bool running) {
  const std::lock_guard lock(mutex_);
  std::string id = std::to_string(++last_id_);
  id = type == "volume" ? name : std::string(64 - id.size(), 'a') + id;
  objects_.push_back({type, id, name, labels, {}, running, Clock::now() + delay});
  return id;
}

std::vector<FakeEngine::Object> FakeEngine::objects() const {
  const std::lock_guard lock(mutex_);
  return objects_;
}

std::vector<std::string> FakeEngine::names() const {
  std::vector<std::string> names;
  for (const Object& object : objects()) names.push_back(object.name);
  std::sort(names.begin(), names.end());
  return names;
}

void FakeEngine::inject(Injection injection) {
  const std::lock_guard lock(mutex_);
  injections_.push_back(std::move(injection));
}

std::vector<std::string> FakeEngine::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t FakeEngine::count(std::string_view part) const {
  const std::vector<std::string> all = requests();
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const std::string& request) { return request.find(part) != std::string::npos; }));
}

// ---------------------------------------------------------------- serving

ServedAnswer FakeEngine::serve(const ServedRequest& request) {
  const std::string path = request.target.starts_with("/v1.41/") ? request.target.substr(6) : request.target;
  int number = 0;
  std::function<void(int, Moment)> observer;
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request.method + " " + path);
    number = static_cast<int>(requests_.size());
    observer = observer_;
  }
  if (observer) observer(number, Moment::BeforeSend);
  ServedAnswer answer;
  if (!injected(request, path, answer)) {
    const std::lock_guard lock(mutex_);
    answer = perform(request, path);
  }
  if (observer) {
    observer(number, Moment::AfterSend);
    answer.sent = [observer, number] { observer(number, Moment::AfterReply); };
  }
  return answer;
}

bool FakeEngine::injected(const ServedRequest& request, const std::string& path, ServedAnswer& answer) {
  const std::lock_guard lock(mutex_);
  for (Injection& injection : injections_) {
    if ((!injection.method.empty() && injection.method != request.method) || path.find(injection.path) == std::string::npos) continue;
    if (injection.times == 0) continue;
    if (injection.skip > 0) {
      --injection.skip;
      continue;
    }
    if (injection.times > 0) --injection.times;
    answer = injection.answer;
    if (injection.perform || injection.keep_answer) {
      const ServedAnswer real = perform(request, path);
      if (injection.keep_answer) {
        answer.status = real.status;
        answer.body = real.body;
      }
    }
    return true;
  }
  return false;
}

ServedAnswer FakeEngine::perform(const ServedRequest& request, const std::string& path) {
  const std::string resource = path.substr(0, path.find('?'));
  if (resource == "/version") return answered(200, {{"Version", "20.10.24"}, {"ApiVersion", api_version_}});
  if (resource == "/info") return answered(200, {{"ServerVersion", "20.10.24"}, {"NCPU", 2}, {"MemTotal", 1 << 30}, {"CgroupDriver", "none"}});
  if (resource == "/containers/create") return create("container", parameter(path, "name"), json::parse(request.body));
  if (resource == "/networks/create") {
    const json body = json::parse(request.body);
    return create("network", body.at("Name"), body);
  }
  if (request.method == "GET" && resource == "/containers/json") return list("container", path);
  if (request.method == "GET" && resource == "/networks") return list("network", path);
  if (request.method == "GET" && resource == "/volumes") return list("volume", path);
  for (const char* type : {"container", "network", "volume"}) {
    const std::string prefix = "/" + std::string(type) + "s/";
    if (!resource.starts_with(prefix)) continue;
    const std::string rest = resource.substr(prefix.size());
    const std::size_t slash = rest.find('/');
    return act(request, type, decoded(rest.substr(0, slash)), slash == std::string::npos ? std::string() : rest.substr(slash + 1));
  }
  return refused(404, "page not found");
}

ServedAnswer FakeEngine::create(const std::string& type, const std::string& name, const json& body) {
  const auto taken = std::find_if(objects_.begin(), objects_.end(), [&](const Object& object) { return object.type == type && object.name == name; });
  if (taken != objects_.end()) return refused(409, "Conflict. The " + type + " name \"/" + name + "\" is already in use by " + type + " \"" + taken->id + "\"");
  std::string id = std::to_string(++last_id_);
  id = std::string(64 - id.size(), 'b') + id;
  std::string network;
  if (body.contains("HostConfig")) network = body["HostConfig"].value("NetworkMode", "");
  objects_.push_back({type, id, name, labels_in(body.value("Labels", json::object())), network, false, Clock::now() + create_delay_});
  ServedAnswer answer = answered(201, {{"Id", id}, {"Warnings", json::array()}});
  answer.delay_ms = static_cast<int>(create_delay_.count());
  return answer;
}

ServedAnswer FakeEngine::list(const std::string& type, const std::string& path) {
  json items = json::array();
  const std::string filters = parameter(path, "filters");
  for (const Object& object : objects_) {
    if (object.type == type && object.visible_at <= Clock::now() && matches(object.labels, filters)) items.push_back(described(object, true));
  }
  return answered(200, type == "volume" ? json{{"Volumes", items}, {"Warnings", nullptr}} : items);
}

std::vector<FakeEngine::Object>::iterator FakeEngine::find(const std::string& type, const std::string& id_or_name) {
  return std::find_if(objects_.begin(), objects_.end(), [&](const Object& object) {
    return object.type == type && (object.id == id_or_name || object.name == id_or_name) && object.visible_at <= Clock::now();
  });
}

ServedAnswer FakeEngine::act(const ServedRequest& request, const std::string& type, const std::string& id, const std::string& verb) {
  const auto object = find(type, id);
  if (object == objects_.end()) return refused(404, "No such " + type + ": " + id);
  if (request.method == "DELETE") return remove(object);
  if (request.method == "GET") return answered(200, described(*object, false));
  if (verb == "start") object->running = true;
  else if (verb.starts_with("kill")) object->running = false;
  else return refused(404, "page not found");
  return {.status = 204};
}

ServedAnswer FakeEngine::remove(std::vector<Object>::iterator object) {
  const bool in_use = object->type == "network" && std::any_of(objects_.begin(), objects_.end(), [&](const Object& other) {
    return other.type == "container" && other.running && (other.network == object->name || other.network == object->id);
  });
  if (in_use) return refused(403, "error while removing network: network " + object->name + " id " + object->id + " has active endpoints");
  objects_.erase(object);
  return {.status = 204};
}

}  // namespace tandem::docker

#pragma once
// Decoding of the engine's answers; private to real/docker/engine_api*.cpp. The engine is outside: nothing here throws, and
// fields of unexpected types count as absent.

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bounded_json.hpp"
#include "real/docker/engine_api.hpp"

namespace tandem::docker::api {

inline std::string text_at(const nlohmann::json& object, const char* name) {
  if (!object.is_object()) return {};
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

inline std::int64_t integer_at(const nlohmann::json& object, const char* name) {
  if (!object.is_object()) return 0;
  const auto found = object.find(name);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

inline bool boolean_at(const nlohmann::json& object, const char* name) {
  if (!object.is_object()) return false;
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

/// The member as it is; null if there is none.
inline nlohmann::json member(const nlohmann::json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found != object.end() ? *found : nlohmann::json();
}

inline nlohmann::json object_at(const nlohmann::json& object, const char* name) {
  if (!object.is_object()) return nlohmann::json::object();
  const auto found = object.find(name);
  return found != object.end() && found->is_object() ? *found : nlohmann::json::object();
}

/// The answer is one object.
template <class T>
std::function<Result<T>(const host::HttpResponse&)> json_answer(std::function<T(const nlohmann::json&)> read) {
  return [read = std::move(read)](const host::HttpResponse& response) -> Result<T> {
    const nlohmann::json answer = parse_bounded_json(response.body);
    if (!answer.is_object()) return fail(ErrorCode::EngineRefused, "the engine's answer is not a JSON object");
    return read(answer);
  };
}

/// The answer is an array; anything else is an error, for an empty list means "nothing is left".
template <class T>
std::function<Result<std::vector<T>>(const host::HttpResponse&)> list_answer(std::function<T(const nlohmann::json&)> read_item) {
  return [read_item = std::move(read_item)](const host::HttpResponse& response) -> Result<std::vector<T>> {
    const nlohmann::json answer = parse_bounded_json(response.body);
    if (!answer.is_array()) return fail(ErrorCode::EngineRefused, "the engine's answer is not a JSON array");
    std::vector<T> items;
    for (const nlohmann::json& item : answer) items.push_back(read_item(item));
    return items;
  };
}

/// Success whatever the answer holds; statuses in `also_fine` too.
inline void expect_nothing(Call<Nothing>& call, std::vector<int> also_fine) {
  call.also_fine = std::move(also_fine);
  call.decode = [](const host::HttpResponse&) -> Result<Nothing> { return Nothing{}; };
}

/// Turns pieces of any size into lines.
inline std::function<bool(std::string_view)> line_splitter(std::function<void(std::string_view)> on_line) {
  return [on_line = std::move(on_line), rest = std::make_shared<std::string>()](std::string_view bytes) {
    constexpr std::size_t kLineMax = 1 << 20;
    *rest += bytes;
    for (std::size_t end = 0; (end = rest->find('\n')) != std::string::npos; rest->erase(0, end + 1)) {
      on_line(std::string_view(*rest).substr(0, end));
    }
    return rest->size() < kLineMax;
  };
}

}  // namespace tandem::docker::api

#include "real/docker/json_answer.hpp"

namespace tandem::docker::api {

nlohmann::json parse_bounded(std::string_view text) {
  constexpr int kDepthMax = 64;
  bool too_deep = false;
  const nlohmann::json document = nlohmann::json::parse(
      text,
      [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
        too_deep = too_deep || depth > kDepthMax;
        return !too_deep;
      },
      /*allow_exceptions=*/false);
  return too_deep ? nlohmann::json(nlohmann::json::value_t::discarded) : document;
}

}  // namespace tandem::docker::api

#include "real/engine/reaper.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/base/text.hpp"

namespace tandem::real {

namespace {

using nlohmann::json;

constexpr int kVersion = 1;
/// It asks the engine for its version before it answers, and a busy machine starts programs slowly.
constexpr SimDuration kReadyPatience = seconds(20);
constexpr SimDuration kDismissPatience = seconds(5);
constexpr const char* kProgram = "/proc/self/exe";
constexpr std::array<std::string_view, 7> kFields = {"version", "filter", "engineSocket", "engineUrl", "journal", "graceNs", "patienceNs"};

}  // namespace

std::string ReaperOrder::run_id() const {
  const std::string wanted = std::string(kRunLabel) + "=";
  if (!filter.starts_with(wanted)) return {};
  const std::string value = filter.substr(wanted.size());
  return is_run_id(value) ? value : std::string();
}

std::string write_order(const ReaperOrder& order) {
  return json{{"version", kVersion},
              {"filter", order.filter},
              {"engineSocket", order.engine_socket},
              {"engineUrl", order.engine_url},
              {"journal", order.journal},
              {"graceNs", order.grace.ns},
              {"patienceNs", order.patience.ns}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<ReaperOrder> read_order(std::string_view line) {
  const json document = json::parse(line, nullptr, false);
  if (!document.is_object()) return fail(ErrorCode::SyntaxError, "the order is not a JSON object");
  // What is not understood might narrow what may be deleted, so it is refused.
  for (const auto& [name, value] : document.items()) {
    if (std::find(kFields.begin(), kFields.end(), name) == kFields.end()) {
      return fail(make_error(ErrorCode::ValueUnknownField, "the order has an unknown field").with_found(name));
    }
  }
  for (const std::string_view name : kFields) {
    const auto value = document.find(name);
    if (value == document.end()) return fail(ErrorCode::ValueMissing, "the order lacks " + std::string(name));
    const bool number = name == "version" || name.ends_with("Ns");
    if (number ? !value->is_number_integer() : !value->is_string()) return fail(ErrorCode::ValueType, "the order has a wrong " + std::string(name));
  }
  if (document["version"] != kVersion) return fail(ErrorCode::ValueNotAllowed, "the order is of another version");
  ReaperOrder order{document["filter"],  document["engineSocket"], document["engineUrl"],
                    document["journal"], {document["graceNs"]},    {document["patienceNs"]}};
  if (order.run_id().empty()) return fail(make_error(ErrorCode::ValueNotAllowed, "the filter is not that of one run").with_found(order.filter));
  if (!order.journal.starts_with('/')) return fail(ErrorCode::ValueNotAllowed, "the journal's path is not absolute");
  if (order.grace.ns < 0 || order.patience.ns < 0) return fail(ErrorCode::ValueNotAllowed, "a duration is negative");
  return order;
}

Result<Reaper> Reaper::start(const ReaperOrder& order) {
  const auto refused = [](Error cause) {
    return fail(make_error(ErrorCode::ProcessFailed, "the reaper that cleans up if this process dies did not start").caused_by(std::move(cause)));
  };
  auto companion = host::Companion::start({kProgram, "reaper"});
  if (!companion) return refused(companion.error());
  if (const Status sent = companion->send_line(write_order(order)); !sent) return refused(sent.error());
  const auto answer = companion->receive_line(kReadyPatience);
  if (!answer) return refused(answer.error());
  if (*answer != "ACK " + order.filter) return refused(make_error(ErrorCode::ProcessFailed, "it did not accept its order").with_found(*answer));
  return Reaper(std::move(*companion));
}

void Reaper::dismiss() {
  // If it has died meanwhile there is nobody to tell.
  static_cast<void>(companion_.send_line("done"));
  companion_.wait(kDismissPatience);
}

}  // namespace tandem::real

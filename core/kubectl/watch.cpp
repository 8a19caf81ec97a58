#include "core/kubectl/watch.hpp"

#include <nlohmann/json.hpp>

#include "core/kubectl/documents.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

Watch::Watch(GetRequest request, std::function<bool(const json&)> is_watched) : request_(std::move(request)), is_watched_(std::move(is_watched)) {
  request_.options.wide = request_.options.wide || request_.output == "wide";
  request_.options.all_namespaces = request_.options.all_namespaces || request_.all_namespaces;
}

Result<Watch> Watch::of(const GetRequest& request) {
  if (request.kinds.size() > 1 || request.named.size() > 1) return fail(ErrorCode::UsageBadArgument, "you may only specify a single resource type");
  auto matcher = matcher_of(request);
  if (!matcher) return tl::unexpected(matcher.error());
  return Watch(request, std::move(*matcher));
}

Result<Answer> Watch::start(const std::vector<json>& objects, std::int64_t now_unix_seconds) {
  const Result<Selected> selected = select(request_, objects);
  if (!selected) return tl::unexpected(selected.error());
  if (!selected->errors.empty()) return failed(selected->errors.front());
  return Answer{shown(selected->groups.front().objects, now_unix_seconds), {}, 0};
}

std::string Watch::change(const json& object, std::int64_t now_unix_seconds) {
  return is_watched_(object) ? shown({object}, now_unix_seconds) : std::string();
}

std::string Watch::shown(const std::vector<json>& objects, std::int64_t now_unix_seconds) {
  std::string text;
  if (request_.output == "name") {
    for (const json& object : objects) {
      text += resource_of_kind(text_at(object, "/kind"))->singular_with_group() + "/" + text_at(object, "/metadata/name") + "\n";
    }
    return text;
  }
  if (request_.output == "json" || request_.output == "yaml") {
    for (const json& object : objects) {
      const json document = without_managed_fields(object);
      text += request_.output == "json" ? to_json_text(document) : "---\n" + to_yaml_text(document);
    }
    return text;
  }
  GetOptions options = request_.options;
  options.now_unix_seconds = now_unix_seconds;
  const Table table = get_table(objects, options);
  write_table(writer_, table, options.with_headers && !has_headers_);
  has_headers_ = has_headers_ || !table.rows.empty();
  return writer_.flush();
}

}  // namespace tandem::kubectl

#include <nlohmann/json.hpp>

#include "real/docker/engine_api.hpp"
#include "real/docker/json_answer.hpp"

namespace tandem::docker::api {

using nlohmann::json;

namespace {

/// Builds, pulls and imports answer 200 at once and report by lines of JSON; the last one may be an error.
struct ProgressLines {
  std::function<void(std::string_view)> on_line;
  std::string error;

  void read(std::string_view line) {
    const json document = parse_bounded_json(line);
    if (!document.is_object()) return;
    if (document.contains("error")) error = text_at(document, "error");
    if (!on_line) return;
    std::string text = text_at(document, "stream");
    if (text.empty()) text = text_at(document, "status");
    while (!text.empty() && text.back() == '\n') text.pop_back();
    if (!text.empty()) on_line(text);
  }
};

void report_by_lines(Call<Nothing>& call, std::function<void(std::string_view)> on_line, ErrorCode code) {
  auto lines = std::make_shared<ProgressLines>();
  lines->on_line = std::move(on_line);
  call.on_body = line_splitter([lines](std::string_view line) { lines->read(line); });
  call.idempotent = false;
  call.decode = [lines, code, what = call.what](const host::HttpResponse&) -> Result<Nothing> {
    if (lines->error.empty()) return Nothing{};
    return fail(make_error(code, "the engine could not " + what).with_found(lines->error));
  };
}

}  // namespace

Call<ImageInfo> inspect_image(const std::string& reference) {
  Call<ImageInfo> call("look at image " + reference, "GET", "/images/" + encode(reference) + "/json");
  call.decode = json_answer<ImageInfo>([](const json& answer) { return ImageInfo{text_at(answer, "Id"), integer_at(answer, "Size")}; });
  return call;
}

Call<Nothing> build_image(const std::string& tag, std::string context, const LabelMap& labels,
                          const std::map<std::string, std::string>& build_arguments, std::function<void(std::string_view)> on_line) {
  Call<Nothing> call("build image " + tag, "POST", {});
  // Removing intermediate containers also after a failure: a failed build leaves nothing behind.
  call.path = "/build?t=" + encode(tag) + "&rm=true&forcerm=true&labels=" + encode(json(labels).dump()) +
              "&buildargs=" + encode(json(build_arguments).dump());
  call.body = std::move(context);
  call.content_type = "application/x-tar";
  call.timeout = seconds(900);
  report_by_lines(call, std::move(on_line), ErrorCode::EngineImageBuildFailed);
  return call;
}

Call<Nothing> import_image(const std::string& repository, const std::string& tag, const std::string& tar_file) {
  Call<Nothing> call("import image " + repository + ":" + tag, "POST", {});
  call.path = "/images/create?fromSrc=-&repo=" + encode(repository) + "&tag=" + encode(tag);
  call.body_file = tar_file;
  call.content_type = "application/x-tar";
  call.timeout = seconds(600);
  report_by_lines(call, {}, ErrorCode::EngineImageBuildFailed);
  return call;
}

Call<Nothing> pull_image(const std::string& repository, const std::string& tag) {
  Call<Nothing> call("pull image " + repository + ":" + tag, "POST", {});
  call.path = "/images/create?fromImage=" + encode(repository) + "&tag=" + encode(tag);
  call.timeout = seconds(120);
  report_by_lines(call, {}, ErrorCode::EngineImageBuildFailed);
  return call;
}

}  // namespace tandem::docker::api

// What the real kubectl prints: tables of get, byte for byte.

#include <stdexcept>

#include "core/base/text.hpp"
#include "core/kubectl/get.hpp"
#include "tests/truth/runner.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;

kubectl::GetRequest request_of(const json& args, std::int64_t now) {
  kubectl::GetRequest request;
  request.options.now_unix_seconds = now;
  std::vector<std::string> words;
  for (std::size_t i = 1; i < args.size(); ++i) {
    const std::string word = args[i];
    const auto value = [&] { return args.at(++i).get<std::string>(); };
    if (word == "-A") request.options.all_namespaces = true;
    else if (word == "-n") request.namespace_ = value();
    else if (word == "-o") request.output = value();
    else if (word == "-l") request.selector = value();
    else if (word == "-L") for (const std::string& label : split(value(), ',')) request.options.label_columns.push_back(label);
    else if (word == "--show-labels") request.options.show_labels = true;
    else if (word == "--no-headers") request.options.with_headers = false;
    else if (word.starts_with("-")) throw std::runtime_error("an option the harness does not know: " + word);
    else words.push_back(word);
  }
  const Status parsed = kubectl::parse_resources(words, request);
  if (!parsed) throw std::runtime_error(parsed.error().what);
  return request;
}

void check_get(const json& file, Tally& tally) {
  const std::int64_t now = kubectl::unix_seconds_of(file.at("now"));
  for_each_case(file, tally, [now](const json& test_case) -> std::optional<std::string> {
    const std::vector<json> objects = test_case.at("objects");
    for (const json& run : test_case.at("runs")) {
      const Result<kubectl::GetAnswer> answer = kubectl::get(request_of(run.at("args"), now), objects);
      if (!answer) return to_string(answer.error());
      if (answer->out != run.value("out", "") || answer->err != run.value("err", "") || answer->exit_code != run.value("exit", 0)) {
        return run.at("args").dump() + " printed\n" + answer->out + answer->err + "instead of\n" + run.value("out", "") + run.value("err", "");
      }
    }
    return std::nullopt;
  });
}

}  // namespace

std::vector<Family> kubectl_families() {
  return {{"kubectl/get_events", check_get}, {"kubectl/get_nodes", check_get}, {"kubectl/get_pods", check_get}, {"kubectl/get_pods_tables", check_get}};
}

}  // namespace tandem::truth

#include "tests/truth/truth_data.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

namespace tandem::truth {
namespace {

namespace fs = std::filesystem;

Result<nlohmann::json> parse(const std::string& text, const std::string& file) {
  nlohmann::json value = nlohmann::json::parse(text, nullptr, false);
  if (value.is_discarded()) return fail(ErrorCode::SyntaxError, "not well-formed JSON", Place{file});
  return value;
}

}  // namespace

fs::path truth_folder() {
  if (const char* chosen = std::getenv("TANDEM_TRUTH"); chosen != nullptr && *chosen != '\0') return chosen;
  const fs::path source = TANDEM_SOURCE_DIR;
  const fs::path shared = source.parent_path() / "shared" / "truth";
  std::error_code ignored;
  return fs::is_directory(shared, ignored) ? shared : source / "tests" / "truth" / "data";
}

std::vector<std::string> families_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& group : fs::directory_iterator(folder, error)) {
    if (!group.is_directory()) continue;
    for (const fs::directory_entry& file : fs::directory_iterator(group.path(), error)) {
      const std::string extension = file.path().extension().string();
      if (extension != ".json" && extension != ".jsonl") continue;
      names.push_back(group.path().filename().string() + "/" + file.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<nlohmann::json> load_family(const fs::path& folder, const std::string& family) {
  for (const std::string extension : {".json", ".jsonl"}) {
    const std::string path = (folder / (family + extension)).string();
    std::ifstream stream(path, std::ios::binary);
    if (!stream) continue;
    if (extension == ".json") {
      std::ostringstream text;
      text << stream.rdbuf();
      return parse(text.str(), path);
    }
    nlohmann::json file{{"cases", nlohmann::json::array()}};
    for (std::string line; std::getline(stream, line);) {
      if (line.empty()) continue;
      Result<nlohmann::json> value = parse(line, path);
      if (!value) return tl::unexpected(value.error());
      file["cases"].push_back(*std::move(value));
    }
    return file;
  }
  return fail(ErrorCode::FileNotFound, "no file of this family", Place{(folder / family).string()});
}

const nlohmann::json* cases_of(const nlohmann::json& file) {
  if (file.is_array()) return &file;
  if (!file.is_object() || !file.contains("cases") || !file["cases"].is_array()) return nullptr;
  return &file["cases"];
}

nlohmann::json* cases_of(nlohmann::json& file) {
  return const_cast<nlohmann::json*>(cases_of(static_cast<const nlohmann::json&>(file)));
}

std::string case_id(const nlohmann::json& test_case, std::size_t index) {
  if (test_case.is_object()) {
    for (const char* key : {"id", "name"}) {
      if (!test_case.contains(key)) continue;
      const nlohmann::json& id = test_case[key];
      return id.is_string() ? id.get<std::string>() : id.dump();
    }
  }
  return "#" + std::to_string(index);
}

}  // namespace tandem::truth

// truth_select OUT [BYTES]: writes the project's own selection of the recorded answers: of every covered family some
// cases, chosen by a hash of their id, at most BYTES (default 2900000) in all. Small families come whole.

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <vector>

#include "core/base/random.hpp"
#include "tests/truth/runner.hpp"
#include "tests/truth/truth_data.hpp"

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using namespace tandem;
using namespace tandem::truth;

struct Source {
  std::string name;
  bool lines = false;  ///< .jsonl
  json file;
  std::size_t size = 0;
};

/// The file as it will be written: the members first, then one case a line, so that a change of the selection is readable.
std::string text_of(const json& file, bool lines) {
  std::string text;
  if (lines) {
    for (const json& test_case : *cases_of(file)) text += test_case.dump() + "\n";
    return text;
  }
  if (file.is_array()) {
    text = "[";
  } else {
    json rest = file;
    rest.erase("cases");
    text = rest.dump();
    text.pop_back();
    text += rest.empty() ? "\"cases\":[" : ",\n\"cases\":[";
  }
  for (std::size_t i = 0; i < cases_of(file)->size(); ++i) text += (i == 0 ? "\n" : ",\n") + (*cases_of(file))[i].dump();
  return text + (file.is_array() ? "\n]\n" : "\n]}\n");
}

/// Cases in the order of their hashes as long as the text stays within `bytes`; written in the order of the recording.
json selection_of(const Source& source, std::size_t bytes) {
  const json& cases = *cases_of(source.file);
  std::vector<std::pair<std::uint64_t, std::size_t>> order;
  for (std::size_t i = 0; i < cases.size(); ++i) order.emplace_back(stable_hash(case_id(cases[i], i)), i);
  std::sort(order.begin(), order.end());

  json chosen = source.file;
  *cases_of(chosen) = json::array();
  std::size_t size = text_of(chosen, source.lines).size();
  std::vector<std::size_t> kept;
  for (const auto& [hash, index] : order) {
    const std::size_t more = cases[index].dump().size() + 2;
    if (size + more > bytes) continue;
    size += more;
    kept.push_back(index);
  }
  std::sort(kept.begin(), kept.end());
  for (const std::size_t index : kept) cases_of(chosen)->push_back(cases[index]);
  return chosen;
}

std::vector<Source> covered_sources() {
  std::vector<Source> sources;
  const fs::path folder = truth_folder();
  for (const Family& family : all_families()) {
    const bool lines = fs::exists(folder / (family.name + ".jsonl"));
    Result<json> file = load_family(folder, family.name);
    if (!file || cases_of(*file) == nullptr) continue;
    Source source{family.name, lines, *std::move(file), 0};
    source.size = text_of(source.file, lines).size();
    sources.push_back(std::move(source));
  }
  // The smallest first: what they leave of their share goes to the larger ones.
  std::sort(sources.begin(), sources.end(),
            [](const Source& a, const Source& b) { return std::tie(a.size, a.name) < std::tie(b.size, b.name); });
  return sources;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t bytes = 2'900'000;
  if (argc < 2 || argc > 3) {
    std::cerr << "truth_select OUT [BYTES]\n";
    return 2;
  }
  if (argc == 3) {
    const std::string_view text = argv[2];
    if (std::from_chars(text.data(), text.data() + text.size(), bytes).ec != std::errc{}) return 2;
  }
  const fs::path out = argv[1];
  std::vector<Source> sources = covered_sources();
  std::size_t left = bytes;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const json chosen = selection_of(sources[i], left / (sources.size() - i));
    if (cases_of(chosen)->empty()) {
      std::cout << sources[i].name << ": no case is small enough\n";
      continue;
    }
    const std::string text = text_of(chosen, sources[i].lines);
    const fs::path path = out / (sources[i].name + (sources[i].lines ? ".jsonl" : ".json"));
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    left -= std::min(left, text.size());
    std::cout << sources[i].name << ": " << cases_of(chosen)->size() << " of " << cases_of(sources[i].file)->size() << "\n";
  }
  std::cout << bytes - left << " bytes\n";
  return 0;
}

#include "tests/lint/rules.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace tandem::lint {
namespace {

bool under(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

/// A room and what it may include besides itself and folders inside it. A folder stands for everything below it.
struct Room {
  std::string_view folder;
  std::vector<std::string_view> may_use;
};

// The picture of design §2. The longest folder that holds a file is its room.
const std::vector<Room>& rooms() {
  static const std::vector<Room> table = {
      {"core/base", {}},
      {"core/cluster", {"core/base"}},
      {"core/balance", {"core/base"}},
      {"core/record", {"core/base", "core/cluster"}},
      {"core/scenario", {"core/base", "core/cluster", "core/balance"}},
      {"core/traffic", {"core/base", "core/record", "core/scenario"}},
      {"core/control", {"core/base", "core/cluster", "core/record", "core/scenario"}},
      {"core/kubectl", {"core/base", "core/cluster"}},
      {"core/judge", {"core/base", "core/cluster", "core/record", "core/scenario", "core/control"}},
      {"core/world", {"core"}},
      {"host", {"core"}},
      {"sim/engine", {"core/base"}},
      {"sim/model", {"core", "host", "sim/engine"}},
      {"sim", {"core", "host"}},
      {"real/engine", {"core", "host"}},
      {"real/docker", {"core", "host", "real/engine", "docker/protocol"}},
      {"real/calibrate", {"core", "host", "real/engine", "real/docker", "docker/protocol"}},
      {"real", {"core", "host", "docker/protocol"}},
      {"cli", {"core", "host", "sim", "real"}},
      // control/kubelet: what a command does in a container (container_command), the same in both worlds.
      {"docker", {"core/base", "core/record", "core/traffic", "core/control/kubelet"}},
  };
  return table;
}

const Room* room_of(std::string_view path) {
  const Room* best = nullptr;
  for (const Room& room : rooms()) {
    if (under(path, room.folder) && (best == nullptr || room.folder.size() > best->folder.size())) best = &room;
  }
  return best;
}

/// The stream of requests is linked into the load generator, so it must stand on core/base alone.
bool is_request_stream(std::string_view path) { return path.starts_with("core/traffic/stream."); }

constexpr std::string_view kHouse[] = {"core", "host", "sim", "real", "cli", "docker"};

bool is_ours(std::string_view target) {
  return std::any_of(std::begin(kHouse), std::end(kHouse), [&](std::string_view top) { return under(target, top); });
}

std::optional<std::string> wrong_include(const SourceFile& file, const Room& room, const std::string& target) {
  if (target.find("simgrid/") == 0 && !(under(file.path, "sim/engine") && file.path.ends_with(".cpp"))) {
    return "includes SimGrid; only sim/engine/*.cpp may";
  }
  if (!is_ours(target)) return std::nullopt;
  if (is_request_stream(file.path)) {
    if (under(target, "core/base") || is_request_stream(target)) return std::nullopt;
    return "the request stream may use core/base only, not " + target;
  }
  if (under(target, room.folder)) return std::nullopt;
  for (const std::string_view allowed : room.may_use) {
    if (under(target, allowed)) return std::nullopt;
  }
  return std::string(room.folder) + " may not use " + folder_of(target);
}

struct Banned {
  std::string_view word;  ///< found as a whole word, or as a suffix of one if it begins with '_'
  std::string_view instead;
};

// Hardening §1: D1 (world outside), D5 (distributions), D8 (long double), D10 (libm where compilers and libraries differ).
constexpr Banned kBanned[] = {
    {"std::time", "SimTime from the Clock"},
    {"time(nullptr", "SimTime from the Clock"},
    {"time(NULL", "SimTime from the Clock"},
    {"time(0", "SimTime from the Clock"},
    {"clock_gettime", "SimTime from the Clock"},
    {"gettimeofday", "SimTime from the Clock"},
    {"system_clock", "SimTime from the Clock"},
    {"steady_clock", "SimTime from the Clock"},
    {"high_resolution_clock", "SimTime from the Clock"},
    {"getenv", "a parameter"},
    {"localtime", "SimTime from the Clock"},
    {"gmtime", "SimTime from the Clock"},
    {"gethostname", "a parameter"},
    {"getpid", "a parameter"},
    {"rand", "core/base/random.hpp"},
    {"srand", "core/base/random.hpp"},
    {"random_device", "core/base/random.hpp"},
    {"mt19937", "core/base/random.hpp"},
    {"_distribution", "core/base/random.hpp"},
    {"std::shuffle", "Fisher-Yates with RandomStream"},
    {"std::hash", "stable_hash"},
    {"this_thread", "the Clock"},
    {"directory_iterator", "host/files"},
    {"setlocale", "nothing: the core knows no locale"},
    {"std::locale", "nothing: the core knows no locale"},
    {"std::async", "one thread"},
    {"std::thread", "one thread"},
    {"std::execution", "one thread"},
    {"std::sample", "Fisher-Yates with RandomStream"},
    {"std::stof", "parse_number"},
    {"stod", "parse_number"},
    {"strtod", "parse_number"},
    {"atof", "parse_number"},
    {"std::regex", "a matcher of linear time"},
    {"long double", "double"},
    {"std::log", "stable_log"},
    {"std::log2", "stable_log"},
    {"std::log10", "stable_log"},
    {"std::log1p", "stable_log"},
    {"std::exp", "an exact form"},
    {"std::exp2", "an exact form"},
    {"std::expm1", "an exact form"},
    {"std::pow", "a product"},
    {"std::sin", "an exact form"},
    {"std::cos", "an exact form"},
    {"std::tan", "an exact form"},
    {"std::erf", "an exact form"},
    {"std::tgamma", "an exact form"},
    {"std::lgamma", "an exact form"},
};

bool is_word_char(char c) { return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Finds `word` in `text` from `from` on, not as part of a longer word (a leading '_' of `word` continues one).
std::size_t find_word(std::string_view text, std::string_view word, std::size_t from) {
  for (std::size_t at = text.find(word, from); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool starts = word.front() == '_' || at == 0 || !is_word_char(text[at - 1]);
    const std::size_t end = at + word.size();
    const bool ends = !is_word_char(word.back()) || end >= text.size() || !is_word_char(text[end]);
    if (starts && ends) return at;
  }
  return std::string_view::npos;
}

std::string_view line_around(std::string_view text, std::size_t offset) {
  const std::size_t start = offset == 0 ? 0 : text.rfind('\n', offset - 1) + 1;  // npos + 1 is 0
  return text.substr(start, std::min(text.find('\n', offset), text.size()) - start);
}

}  // namespace

std::vector<Finding> check_layers(const SourceFile& file) {
  const Room* room = room_of(file.path);
  if (room == nullptr) return {{file.path, 1, "a folder that the layering table does not know"}};
  std::vector<Finding> findings;
  for (const Include& include : includes_of(file.text)) {
    if (const auto wrong = wrong_include(file, *room, include.target)) findings.push_back({file.path, include.line, *wrong});
  }
  return findings;
}

std::vector<Finding> check_determinism(const SourceFile& file) {
  if (!under(file.path, "core") && !under(file.path, "sim")) return {};
  std::vector<Finding> findings;
  const auto report = [&](std::size_t at, const std::string& what) {
    if (line_around(file.text, at).find("lint-allow:") != std::string_view::npos) return;
    findings.push_back({file.path, line_at(file.text, at), what});
  };
  const std::string code = without_comments(file.text, false);
  for (const Banned& banned : kBanned) {
    for (std::size_t at = find_word(code, banned.word, 0); at != std::string::npos; at = find_word(code, banned.word, at + 1)) {
      report(at, std::string(banned.word) + " can differ from run to run; use " + std::string(banned.instead));
    }
  }
  const std::string with_strings = without_comments(file.text, true);
  for (std::size_t at = with_strings.find("%p"); at != std::string::npos; at = with_strings.find("%p", at + 1)) {
    report(at, "%p prints an address");
  }
  return findings;
}

namespace {

/// The parts of a template argument list that starts after '<' at `from`; `end` becomes the place after its '>'.
std::vector<std::string> template_arguments(std::string_view code, std::size_t from, std::size_t& end) {
  std::vector<std::string> parts(1);
  int depth = 1;
  for (end = from; end < code.size() && depth > 0; ++end) {
    const char c = code[end];
    if (c == '<' || c == '(') ++depth;
    if (c == '>' || c == ')') --depth;
    if (depth == 1 && c == ',') parts.emplace_back();
    else if (depth > 0) parts.back() += c;
  }
  return parts;
}

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t'; }

/// True if a container of this type comes in an order that nobody chose.
bool has_accidental_order(std::string_view type, const std::vector<std::string>& arguments) {
  if (type.starts_with("std::unordered_")) return true;
  std::string key = arguments.front();
  while (!key.empty() && is_blank(key.back())) key.pop_back();
  const bool default_order = arguments.size() == (type == "std::map<" ? 2U : 1U);
  return default_order && key.ends_with('*');
}

/// Names of variables whose type has an accidental order.
std::set<std::string> accidental_names(std::string_view code) {
  std::set<std::string> names;
  for (const std::string_view type : {"std::unordered_map<", "std::unordered_set<", "std::map<", "std::set<"}) {
    for (std::size_t at = code.find(type); at != std::string_view::npos; at = code.find(type, at + 1)) {
      std::size_t end = 0;
      const std::vector<std::string> arguments = template_arguments(code, at + type.size(), end);
      if (!has_accidental_order(type, arguments)) continue;
      while (end < code.size() && (is_blank(code[end]) || code[end] == '&')) ++end;
      const std::size_t name_begin = end;
      while (end < code.size() && is_word_char(code[end])) ++end;
      if (end > name_begin) names.emplace(code.substr(name_begin, end - name_begin));
    }
  }
  return names;
}

/// True if the name at `at` is what a range-for walks, or has its begin() taken.
bool is_walked(std::string_view code, std::size_t at, std::size_t size) {
  const std::string_view after = code.substr(at + size);
  if (after.starts_with(".begin()") || after.starts_with(".cbegin()")) return true;
  if (!after.starts_with(')')) return false;
  const std::size_t open = code.rfind('(', at);
  const std::string_view before = code.substr(open + 1, at - open - 1);
  return open != std::string_view::npos && before.find(" : ") != std::string_view::npos && before.find(';') == std::string_view::npos;
}

}  // namespace

std::vector<Finding> check_orders(const std::vector<SourceFile>& files) {
  std::map<std::string, std::set<std::string>> names;  // by folder
  for (const SourceFile& file : files) {
    if (under(file.path, "core") || under(file.path, "sim")) names[folder_of(file.path)].merge(accidental_names(without_comments(file.text, false)));
  }
  std::vector<Finding> findings;
  for (const SourceFile& file : files) {
    const auto known = names.find(folder_of(file.path));
    if (known == names.end()) continue;
    const std::string code = without_comments(file.text, false);
    for (const std::string& name : known->second) {
      for (std::size_t at = find_word(code, name, 0); at != std::string::npos; at = find_word(code, name, at + 1)) {
        if (!is_walked(code, at, name.size()) || line_around(file.text, at).find("lint-allow:") != std::string_view::npos) continue;
        findings.push_back({file.path, line_at(file.text, at), "walks " + name + " in an order that nobody chose; use a vector or a map keyed by stable ids"});
      }
    }
  }
  return findings;
}

std::vector<Finding> check_build_options(const SourceFile& file) {
  std::vector<Finding> findings;
  for (const std::string_view option : {"-ffast-math", "-Ofast", "-march=native", "-mtune=native", "-funsafe-math-optimizations", "-ffp-contract=fast"}) {
    const std::size_t at = file.text.find(option);
    if (at != std::string::npos) findings.push_back({file.path, line_at(file.text, at), std::string(option) + " makes results depend on the machine"});
  }
  return findings;
}

std::vector<Finding> check_finished(const SourceFile& file) {
  // Split so that this file does not find itself.
  static const std::string kMarkers[] = {
      "TO"
      "DO",
      "FIX"
      "ME",
      "X"
      "XX",
      "HA"
      "CK",
      "T"
      "BD",
      "W"
      "IP"};
  std::vector<Finding> findings;
  for (const std::string& marker : kMarkers) {
    for (std::size_t at = find_word(file.text, marker, 0); at != std::string::npos; at = find_word(file.text, marker, at + 1)) {
      findings.push_back({file.path, line_at(file.text, at), "unfinished: " + marker});
    }
  }
  return findings;
}

std::vector<Finding> check_json_headers(const std::vector<SourceFile>& files) {
  std::map<std::string, std::size_t> heavy;  // header → line of its include of json.hpp
  for (const SourceFile& file : files) {
    if (!file.path.ends_with(".hpp") || under(file.path, "tests")) continue;
    for (const Include& include : includes_of(file.text)) {
      if (include.target == "nlohmann/json.hpp") heavy.emplace(file.path, include.line);
    }
  }
  std::vector<Finding> findings;
  std::set<std::string> reported;
  for (const SourceFile& file : files) {
    if (!file.path.ends_with(".hpp")) continue;
    for (const Include& include : includes_of(file.text)) {
      const auto found = heavy.find(include.target);
      if (found == heavy.end() || folder_of(file.path) == folder_of(found->first) || !reported.insert(found->first).second)
        continue;
      findings.push_back({found->first, found->second, "brings json.hpp into " + file.path + "; use json_fwd.hpp"});
    }
  }
  return findings;
}

}  // namespace tandem::lint

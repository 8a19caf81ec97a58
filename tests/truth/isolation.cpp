#include "tests/truth/isolation.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <exception>
#include <iostream>

#include "tests/truth/truth_data.hpp"

namespace tandem::truth {
namespace {

using nlohmann::json;

constexpr unsigned kFamilySeconds = 150;
constexpr unsigned kCaseSeconds = 10;

std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t size = 0; (size = read(descriptor, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return text;
}

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = write(descriptor, text.data(), text.size());
    if (size <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

std::string to_text(const Tally& tally) {
  return json{{"passed", tally.passed()}, {"failed", tally.failed()}, {"failures", tally.failures()}}.dump(
      -1, ' ', false, json::error_handler_t::replace);
}

std::optional<Tally> from_text(const std::string& text) {
  const json value = json::parse(text, nullptr, false);
  if (value.is_discarded()) return std::nullopt;
  return Tally::of(value["passed"], value["failed"], value["failures"]);
}

[[noreturn]] void be_child(int descriptor, const std::function<void(Tally&)>& work, unsigned seconds) {
  alarm(seconds);
  Tally tally;
  try {
    work(tally);
  } catch (const std::exception& error) { tally.fail("file", std::string("cannot be run: ") + error.what()); }
  write_all(descriptor, to_text(tally));
  // Not exit(): the parent's buffers and destructors are not this process's business.
  _exit(0);
}

}  // namespace

std::optional<Tally> in_child(const std::function<void(Tally&)>& work, unsigned seconds) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return std::nullopt;
  std::cout.flush();
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    be_child(ends[1], work, seconds);
  }
  close(ends[1]);
  const std::string text = child > 0 ? read_all(ends[0]) : std::string();
  close(ends[0]);
  int status = 0;
  if (child > 0) waitpid(child, &status, 0);
  if (child < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
  return from_text(text);
}

Tally run_isolated(const Family& family, const json& file) {
  if (const auto whole = in_child([&](Tally& tally) { family.check(file, tally); }, kFamilySeconds)) return *whole;
  Tally total;
  const json* cases = cases_of(file);
  if (cases == nullptr) {
    total.fail("file", "the comparison crashed");
    return total;
  }
  json one = file;
  std::size_t index = 0;
  for (const json& test_case : *cases) {
    *cases_of(one) = json::array({test_case});
    const auto tally = in_child([&](Tally& inner) { family.check(one, inner); }, kCaseSeconds);
    if (tally) {
      total.add(*tally);
    } else {
      total.fail(case_id(test_case, index), "crashed or did not end");
    }
    ++index;
  }
  return total;
}

}  // namespace tandem::truth

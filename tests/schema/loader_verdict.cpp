// What the loader does with files. Standard input has lines "scenario PATH" or "calibration PATH"; each gives a line
// "accepts", or "refuses" and the codes of its errors with the file they are in ("ValueType:scenario.yaml").
// `loader_verdict --calibration` prints a calibration as `tandem calibrate` writes it.

#include <fmt/format.h>

#include <iostream>
#include <string>

#include "core/scenario/load.hpp"

namespace {

using namespace tandem;

std::string verdict(const Errors& errors, bool accepted) {
  if (accepted) return "accepts";
  std::string text = "refuses";
  for (const Error& error : errors) {
    const std::string& file = error.place.file;
    text += fmt::format(" {}:{}", name_of(error.code), file.substr(file.rfind('/') + 1));
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "--calibration") {
    std::cout << scenario::write_calibration(scenario::Calibration{});
    return 0;
  }
  for (std::string kind, path; std::cin >> kind && std::getline(std::cin.ignore(1), path);) {
    if (kind == "calibration") {
      const auto read = scenario::load_calibration(path);
      std::cout << verdict(read ? Errors{} : read.error(), read.has_value()) << "\n";
    } else {
      const scenario::Loaded loaded = scenario::load(path);
      std::cout << verdict(loaded.errors, loaded.scenario.has_value()) << "\n";
    }
  }
  return 0;
}

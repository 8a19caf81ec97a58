// truth_runner [PREFIX...]: compares with the recorded answers in the truth folder; `./tandem test --truth` runs it.

#include <iostream>
#include <string>
#include <vector>

#include "tests/truth/runner.hpp"
#include "tests/truth/truth_data.hpp"

int main(int argc, char** argv) {
  using namespace tandem::truth;
  const std::vector<std::string> prefixes(argv + 1, argv + argc);
  if (!prefixes.empty() && (prefixes[0] == "--help" || prefixes[0] == "-h")) {
    std::cout
        << "truth_runner [PREFIX...]\n"
           "Compares our answers with those recorded from the real programs, for all families in the folder named by\n"
           "TANDEM_TRUTH (or those whose name starts with a PREFIX, such as controllers/f01). Exit code 1 on any failure.\n";
    return 0;
  }
  return run_all(all_families(), truth_folder(), prefixes, std::cout);
}

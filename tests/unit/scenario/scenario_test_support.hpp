#pragma once
// Folders of input files that live as long as a test.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "core/scenario/load.hpp"

namespace tandem::scenario::test {

inline const std::filesystem::path kSource = TANDEM_SOURCE_DIR;

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A new empty folder, removed at the end of the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tandem-scenario-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  void copy_from(const std::filesystem::path& folder) const {
    std::filesystem::copy(folder, path_, std::filesystem::copy_options::overwrite_existing | std::filesystem::copy_options::recursive);
  }

 private:
  std::filesystem::path path_;
};

/// The base scenario of tests/bad with some files replaced or texts in its scenario file exchanged.
class BaseScenario {
 public:
  BaseScenario() { folder_.copy_from(kSource / "tests/bad/base"); }

  BaseScenario& file(const std::string& name, const std::string& text) {
    folder_.write(name, text);
    return *this;
  }
  /// Replaces the first `before` of a file by `after`; the test fails to load if it is not there.
  BaseScenario& edit(const std::string& name, const std::string& before, const std::string& after) {
    std::string text = read_text(folder_.path() / name);
    const std::size_t at = text.find(before);
    if (at == std::string::npos) return file(name, "the test's own edit found nothing: " + before);
    folder_.write(name, text.replace(at, before.size(), after));
    return *this;
  }
  [[nodiscard]] Loaded load(const LoadOptions& options = {}) const { return scenario::load(folder_.path().string(), options); }
  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

}  // namespace tandem::scenario::test

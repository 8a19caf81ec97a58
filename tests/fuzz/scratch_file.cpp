#include "tests/fuzz/scratch_file.hpp"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "core/base/check.hpp"

namespace tandem::fuzz {

namespace {

struct Folder {
  Folder() {
    std::error_code nothing;
    const std::filesystem::path parent = std::filesystem::is_directory("/dev/shm", nothing) ? "/dev/shm" : std::filesystem::temp_directory_path();
    path = (parent / "tandem-fuzz-XXXXXX").string();
    CHECK(::mkdtemp(path.data()) != nullptr, "no scratch folder");
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path;
};

}  // namespace

const std::string& scratch_folder() {
  static const Folder folder;
  return folder.path;
}

std::string scratch_file(std::string_view name, std::string_view bytes) {
  const std::string path = scratch_folder() + "/" + std::string(name);
  std::ofstream(path, std::ios::binary | std::ios::trunc).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

}  // namespace tandem::fuzz

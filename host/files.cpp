#include "host/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "host/wall_clock.hpp"

namespace tandem::host {

namespace {

Place place_of(const std::string& path) { return {path, 0, 0}; }

tl::unexpected<Error> write_failure(const std::string& path, const std::string& doing) {
  return fail(ErrorCode::FileWriteFailed, "cannot " + doing + ": " + std::strerror(errno), place_of(path));
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// open() again while signals interrupt it.
template <class... Mode>
int open_file(const std::string& path, int flags, Mode... mode) {
  int file = -1;
  do file = ::open(path.c_str(), flags | O_CLOEXEC, mode...);
  while (file < 0 && errno == EINTR);
  return file;
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string user_directory(const char* variable, const char* below_home) {
  const std::string chosen = environment(variable);
  if (!chosen.empty()) return chosen + "/tandem";
  const std::string home = environment("HOME");
  return (home.empty() ? "/tmp" : home + below_home) + std::string("/tandem");
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  const int file = open_file(path, O_RDONLY);
  if (file < 0) return fail(ErrorCode::FileNotFound, std::string("cannot open: ") + std::strerror(errno), place_of(path));
  std::string content;
  char buffer[64 << 10];
  for (;;) {
    const ssize_t size = ::read(file, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      const int cause = errno;
      ::close(file);
      return fail(ErrorCode::FileNotFound, std::string("cannot read: ") + std::strerror(cause), place_of(path));
    }
    if (size == 0) break;
    content.append(buffer, static_cast<std::size_t>(size));
    if (content.size() > limit) {
      ::close(file);
      Error error = make_error(ErrorCode::FileTooLarge, "the file is too large", place_of(path));
      error.allowed = std::to_string(limit) + " bytes";
      return fail(std::move(error));
    }
  }
  ::close(file);
  return content;
}

Status replace_file(const std::string& path, std::string_view bytes) {
  std::string temporary = path + ".XXXXXX";
  const int file = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0) return write_failure(path, "create a file beside it");
  const auto give_up = [&](const std::string& doing) {
    Status failure = write_failure(path, doing);
    ::unlink(temporary.c_str());
    return failure;
  };
  const bool written = ::fchmod(file, 0644) == 0 && write_all(file, bytes) && ::fsync(file) == 0;
  if (!written) {
    Status failure = give_up("write");
    ::close(file);
    return failure;
  }
  if (::close(file) != 0) return give_up("close");
  if (::rename(temporary.c_str(), path.c_str()) != 0) return give_up("rename the new file");
  return sync_folder_of(path);
}

Status sync_folder_of(const std::string& path) {
  const int directory = open_file(directory_of(path), O_RDONLY | O_DIRECTORY);
  if (directory < 0) return write_failure(path, "open its folder");
  const int synced = ::fsync(directory);
  const int cause = errno;
  ::close(directory);
  errno = cause;
  if (synced != 0) return write_failure(path, "write its folder");
  return {};
}

Status ensure_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return fail(ErrorCode::FileWriteFailed, "cannot make the folder: " + error.message(), place_of(path));
  return {};
}

std::vector<std::string> list_directory(const std::string& path) {
  std::vector<std::string> names;
  DIR* const directory = ::opendir(path.c_str());
  if (directory == nullptr) return names;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  ::closedir(directory);
  std::sort(names.begin(), names.end());
  return names;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }
std::int64_t age_seconds(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 ? unix_seconds() - facts.st_mtime : 0;
}
void remove_file(const std::string& path) { ::unlink(path.c_str()); }

std::string state_directory() {
  const std::string chosen = environment("TANDEM_STATE");
  return chosen.empty() ? user_directory("XDG_STATE_HOME", "/.local/state") : chosen;
}

std::string cache_directory() { return user_directory("XDG_CACHE_HOME", "/.cache"); }

std::string program_directory() {
  char buffer[4096];
  const ssize_t size = ::readlink("/proc/self/exe", buffer, sizeof buffer);
  return size > 0 ? directory_of(std::string(buffer, static_cast<std::size_t>(size))) : ".";
}

Result<ScratchDirectory> ScratchDirectory::create(const std::string& name, const std::string& parent) {
  const std::string base = parent.empty() ? environment("TMPDIR") : parent;
  std::string path = (base.empty() ? "/tmp" : base) + "/tandem-" + name + "-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return write_failure(path, "make a scratch folder");
  return ScratchDirectory(path);
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;  // a leftover scratch folder harms nobody
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}
ScratchDirectory::ScratchDirectory(ScratchDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
ScratchDirectory& ScratchDirectory::operator=(ScratchDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

Result<AppendFile> AppendFile::open(const std::string& path, std::int64_t length) {
  const int file = open_file(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (file < 0) return write_failure(path, "open");
  if (length >= 0 && ::ftruncate(file, length) != 0) {
    auto failure = write_failure(path, "cut a torn line off");
    ::close(file);
    return failure;
  }
  return AppendFile(file, path);
}

AppendFile::~AppendFile() {
  if (file_ >= 0) ::close(file_);
}
AppendFile::AppendFile(AppendFile&& other) noexcept
    : file_(std::exchange(other.file_, -1)), failure_(std::move(other.failure_)), path_(std::move(other.path_)) {}
AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(failure_, other.failure_);
  std::swap(path_, other.path_);
  return *this;
}

Status AppendFile::append(std::string_view bytes, bool sync) {
  if (!failure_) {
    if (write_all(file_, bytes) && (!sync || ::fdatasync(file_) == 0)) return {};
    failure_ = write_failure(path_, "append").value();
  }
  return fail(*failure_);
}

Result<FileLock> FileLock::try_lock(const std::string& path) {
  const int file = open_file(path, O_RDWR | O_CREAT, 0600);
  if (file < 0) return write_failure(path, "open the lock");
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) return FileLock(file);
  ::close(file);
  return FileLock(-1);
}
FileLock::~FileLock() {
  if (file_ >= 0) ::close(file_);
}
FileLock::FileLock(FileLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

}  // namespace tandem::host

#include "core/scenario/source_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/base/digest.hpp"
#include "core/base/text.hpp"
#include "core/scenario/notations.hpp"

namespace tandem::scenario {
namespace {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  [[nodiscard]] int get() const { return value_; }

 private:
  int value_;
};

/// Error texts of the few causes a reader meets; strerror would depend on the locale.
std::string_view reason_of(int error_number) {
  switch (error_number) {
    case ENOENT: return "it does not exist";
    case ENOTDIR: return "a part of its path is no folder";
    case EACCES: return "it may not be read";
    case ELOOP: return "it is a symbolic link, or lies behind one";
    case EISDIR: return "it is a folder";
    default: return "the system refuses it";
  }
}

tl::unexpected<Error> cannot_read(const std::string& name, std::string_view reason, std::string hint) {
  return fail(make_error(ErrorCode::FileNotFound, fmt::format("the file cannot be read: {}", reason))
                  .with_found(escape_for_terminal(name))
                  .with_hint(std::move(hint)));
}

Result<SourceFile> read_descriptor(int descriptor, const std::string& name, const InputLimits& limits) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return cannot_read(name, reason_of(errno), "");
  if (!S_ISREG(status.st_mode)) return cannot_read(name, "it is not a regular file", "name a text file");
  SourceFile file{name, {}, {}};
  file.text.resize(limits.file_bytes + 1);
  std::size_t size = 0;
  while (size < file.text.size()) {
    const ssize_t got = ::read(descriptor, file.text.data() + size, file.text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot_read(name, reason_of(errno), "");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > limits.file_bytes) {
    return fail(make_error(ErrorCode::FileTooLarge, "the file is too large", Place{name})
                    .with_allowed(fmt::format("at most {} bytes", limits.file_bytes))
                    .with_hint("split it into several files"));
  }
  file.text.resize(size);
  file.text.shrink_to_fit();
  file.sha256 = sha256_hex(file.text);
  return file;
}

}  // namespace

Result<SourceFile> read_file(const std::string& path, const InputLimits& limits) {
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (descriptor.get() < 0) return cannot_read(path, reason_of(errno), "look at the spelling of the path");
  return read_descriptor(descriptor.get(), path, limits);
}

Result<SourceFolder> SourceFolder::open(const std::string& path) {
  const int descriptor = ::open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return cannot_read(path, reason_of(errno), "name a scenario file or its folder");
  return SourceFolder(descriptor);
}

SourceFolder::~SourceFolder() {
  if (descriptor_ >= 0) ::close(descriptor_);
}
SourceFolder::SourceFolder(SourceFolder&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
SourceFolder& SourceFolder::operator=(SourceFolder&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Result<SourceFile> SourceFolder::read(const std::string& relative_path, const InputLimits& limits) const {
  TANDEM_TRY(check_path(relative_path));
  const std::vector<std::string> parts = split(relative_path, '/');
  Descriptor folder(::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0));
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    folder = Descriptor(::openat(folder.get(), parts[i].c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (folder.get() < 0) return cannot_read(relative_path, reason_of(errno), "paths are relative to the scenario's folder");
  }
  const Descriptor file(::openat(folder.get(), parts.back().c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return cannot_read(relative_path, reason_of(errno), "paths are relative to the scenario's folder");
  return read_descriptor(file.get(), relative_path, limits);
}

std::optional<Node> parse_single(const SourceFile& file, std::string_view what, const InputLimits& limits, Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.error_count();
  std::vector<Node> documents = parse_documents(file.text, strict_options(file.name, limits), diagnostics);
  if (!diagnostics.clean_since(errors_before)) return std::nullopt;
  if (documents.size() != 1) {
    diagnostics.error(make_error(ErrorCode::SyntaxDocumentCount, fmt::format("a {} file holds exactly one document", what),
                                 documents.empty() ? Place{file.name, 1, 1} : documents[1].place)
                          .with_found(fmt::format("{} documents", documents.size()))
                          .with_allowed("one document"));
    return std::nullopt;
  }
  return std::move(documents.front());
}

}  // namespace tandem::scenario

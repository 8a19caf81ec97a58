#include "core/record/chunk_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tandem::record::detail {

namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::array<char, 8> kFileMagic{'T', 'A', 'N', 'D', 'E', 'M', 'R', '1'};
constexpr std::uint32_t kFrameMagic = 0x4B484354;  // "TCHK"

struct FileHeader {
  std::array<char, 8> magic = kFileMagic;
  std::uint32_t version = kFormatVersion;
  std::uint32_t zero = 0;
};
static_assert(sizeof(FileHeader) == 16);

struct FrameHeader {
  std::uint32_t magic = kFrameMagic;
  std::uint32_t payload_bytes = 0;
  std::uint64_t payload_hash = 0;
  std::uint32_t number = 0;
  std::uint32_t header_hash = 0;
};
static_assert(sizeof(FrameHeader) == 24);

std::uint32_t header_hash(const FrameHeader& header) { return XXH32(&header, offsetof(FrameHeader, header_hash), 0); }
std::uint64_t payload_hash(std::span<const std::byte> payload, std::uint32_t number) {
  return XXH3_64bits_withSeed(payload.data(), payload.size(), number);
}
std::size_t padded(std::size_t bytes) { return (bytes + 7) & ~std::size_t{7}; }

tl::unexpected<Error> system_failure(ErrorCode code, const std::string& what, const std::string& path, int error_number) {
  return fail(make_error(code, what + ": " + std::generic_category().message(error_number), Place{path, 0, 0}));
}

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() { if (value_ >= 0) ::close(value_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return value_; }
  int release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

int write_fully(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    if (written == 0) return EIO;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

// ---------------------------------------------------------------- writing

ChunkFileWriter::~ChunkFileWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status ChunkFileWriter::create(const std::string& path) {
  path_ = path;
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) return system_failure(ErrorCode::FileWriteFailed, "cannot create the recording", path, errno);
  const FileHeader header;
  return write_all(std::as_bytes(std::span(&header, 1)));
}

Status ChunkFileWriter::write_all(std::span<const std::byte> bytes) {
  if (const int error_number = write_fully(descriptor_, bytes); error_number != 0) {
    // Half a frame would read as a cut tail, but a later frame behind it as damage.
    [[maybe_unused]] const int ignored = ::ftruncate(descriptor_, static_cast<off_t>(whole_bytes_));
    return system_failure(ErrorCode::FileWriteFailed, "cannot write the recording", path_, error_number);
  }
  whole_bytes_ += bytes.size();
  return {};
}

Status ChunkFileWriter::append(std::span<const std::byte> payload) {
  FrameHeader header;
  header.payload_bytes = static_cast<std::uint32_t>(payload.size());
  header.payload_hash = payload_hash(payload, frames_);
  header.number = frames_;
  header.header_hash = header_hash(header);
  std::vector<std::byte> frame(sizeof header + padded(payload.size()));
  std::memcpy(frame.data(), &header, sizeof header);
  std::memcpy(frame.data() + sizeof header, payload.data(), payload.size());
  TANDEM_TRY(write_all(frame));
  ++frames_;
  return {};
}

Status ChunkFileWriter::close() {
  const int descriptor = std::exchange(descriptor_, -1);
  const int sync_error = ::fsync(descriptor) == 0 ? 0 : errno;
  const int close_error = ::close(descriptor) == 0 ? 0 : errno;
  // Some file systems cannot sync (EINVAL, EROFS on special files); a failed close loses data for certain.
  if (sync_error != 0 && sync_error != EINVAL) {
    return system_failure(ErrorCode::FileWriteFailed, "cannot write the recording to disk", path_, sync_error);
  }
  if (close_error != 0) return system_failure(ErrorCode::FileWriteFailed, "cannot close the recording", path_, close_error);
  return {};
}

// ---------------------------------------------------------------- reading

MappedChunks::~MappedChunks() {
  if (!file_.empty()) ::munmap(const_cast<std::byte*>(file_.data()), file_.size());
}
MappedChunks::MappedChunks(MappedChunks&& other) noexcept
    : file_(std::exchange(other.file_, {})), payloads_(std::move(other.payloads_)), torn_bytes_(other.torn_bytes_) {}
MappedChunks& MappedChunks::operator=(MappedChunks&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(payloads_, other.payloads_);
  std::swap(torn_bytes_, other.torn_bytes_);
  return *this;
}

Result<MappedChunks> MappedChunks::open(const std::string& path) {
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (descriptor.get() < 0) {
    return fail(make_error(ErrorCode::RecordNotFound, "there is no recording here: " + std::generic_category().message(errno), Place{path, 0, 0})
                    .with_hint("give the folder that `tandem run` wrote; it holds manifest.json and events.tdr"));
  }
  struct stat information {};
  if (::fstat(descriptor.get(), &information) != 0) {
    return system_failure(ErrorCode::RecordNotFound, "cannot read the recording", path, errno);
  }
  MappedChunks chunks;
  if (S_ISREG(information.st_mode) && information.st_size > 0) {
    const auto size = static_cast<std::size_t>(information.st_size);
    void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor.get(), 0);
    if (address == MAP_FAILED) return system_failure(ErrorCode::RecordNotFound, "cannot map the recording", path, errno);
    chunks.file_ = {static_cast<const std::byte*>(address), size};
  }
  TANDEM_TRY(chunks.read_frames(path));
  return chunks;
}

Status MappedChunks::read_frames(const std::string& path) {
  const Place place{path, 0, 0};
  if (file_.empty()) return {};
  FileHeader file_header;
  // A file cut inside its header is a recording without any chunk, if what is there looks like one.
  const std::size_t head = std::min(file_.size(), sizeof file_header);
  std::memcpy(&file_header, file_.data(), head);
  if (std::memcmp(file_header.magic.data(), kFileMagic.data(), kFileMagic.size()) != 0) {
    return fail(ErrorCode::RecordNotFound, "this file is not a recording", place);
  }
  if (file_header.version != kFormatVersion) {
    return fail(make_error(ErrorCode::RecordVersion, "the recording has another format version", place)
                    .with_found(std::to_string(file_header.version))
                    .with_allowed(std::to_string(kFormatVersion)));
  }
  std::size_t position = head;
  while (position < file_.size()) {
    const std::span<const std::byte> rest = file_.subspan(position);
    FrameHeader header;
    if (rest.size() < sizeof header) break;
    std::memcpy(&header, rest.data(), sizeof header);
    const auto number = static_cast<std::uint32_t>(payloads_.size());
    if (header.magic != kFrameMagic || header.header_hash != header_hash(header) || header.number != number) {
      // A file system may leave zeros where a write was lost; anything else was changed afterwards.
      if (std::all_of(rest.begin(), rest.end(), [](std::byte b) { return b == std::byte{0}; })) break;
      return fail(make_error(ErrorCode::RecordDamaged, "chunk " + std::to_string(number) + " has a damaged header", place)
                      .with_found("at byte " + std::to_string(position)));
    }
    const std::size_t frame_bytes = sizeof header + padded(header.payload_bytes);
    if (rest.size() < frame_bytes) break;
    const auto payload = rest.subspan(sizeof header, header.payload_bytes);
    if (payload_hash(payload, number) != header.payload_hash) {
      if (rest.size() == frame_bytes) break;
      return fail(make_error(ErrorCode::RecordDamaged, "chunk " + std::to_string(number) + " does not match its checksum", place)
                      .with_found("at byte " + std::to_string(position)));
    }
    payloads_.push_back(payload);
    position += frame_bytes;
  }
  torn_bytes_ = file_.size() - position;
  return {};
}

// ---------------------------------------------------------------- side files

Status replace_file(const std::string& path, std::string_view contents) {
  std::string temporary = path + ".XXXXXX";
  Descriptor descriptor(::mkostemp(temporary.data(), O_CLOEXEC));
  if (descriptor.get() < 0) return system_failure(ErrorCode::FileWriteFailed, "cannot create a temporary file", temporary, errno);
  int error_number = ::fchmod(descriptor.get(), 0644) == 0 ? 0 : errno;
  if (error_number == 0) error_number = write_fully(descriptor.get(), std::as_bytes(std::span(contents)));
  if (error_number == 0 && ::fsync(descriptor.get()) != 0) error_number = errno;
  if (::close(descriptor.release()) != 0 && error_number == 0) error_number = errno;
  if (error_number == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) error_number = errno;
  if (error_number != 0) {
    ::unlink(temporary.c_str());
    return system_failure(ErrorCode::FileWriteFailed, "cannot write the file", path, error_number);
  }
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() >= 0) ::fsync(directory.get());
  return {};
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (descriptor.get() < 0) return system_failure(ErrorCode::FileNotFound, "cannot open the file", path, errno);
  std::string contents;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t count = ::read(descriptor.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure(ErrorCode::FileNotFound, "cannot read the file", path, errno);
    if (count == 0) return contents;
    contents.append(buffer.data(), static_cast<std::size_t>(count));
    if (contents.size() > limit) {
      return fail(make_error(ErrorCode::FileTooLarge, "the file is too large", Place{path, 0, 0})
                      .with_allowed("at most " + std::to_string(limit) + " bytes"));
    }
  }
}

}  // namespace tandem::record::detail

#include "real/docker/tar.hpp"

#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>

#include "core/base/check.hpp"
#include "host/files.hpp"

namespace tandem::docker {

namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kFileMax = 256 << 20;

/// Octal digits, zero-padded, ended by NUL: `width` bytes in all.
void put_octal(char* field, std::size_t width, std::uint64_t value) {
  for (std::size_t i = width - 1; i-- > 0; value >>= 3U) field[i] = static_cast<char>('0' + (value & 7U));
  field[width - 1] = '\0';
}

}  // namespace

void TarWriter::add_file(std::string_view path, std::string_view content, unsigned mode) {
  CHECK(path.size() <= 100 && !path.starts_with('/'), "our archive members have short relative names");
  std::array<char, kBlock> header{};
  std::memcpy(header.data(), path.data(), path.size());
  put_octal(header.data() + 100, 8, mode);
  put_octal(header.data() + 108, 8, 0);   // owner
  put_octal(header.data() + 116, 8, 0);   // group
  put_octal(header.data() + 124, 12, content.size());
  put_octal(header.data() + 136, 12, 0);  // modification time
  header[156] = '0';                      // regular file
  std::memcpy(header.data() + 257, "ustar\00000", 8);
  // The checksum is taken with its own field full of blanks.
  std::memset(header.data() + 148, ' ', 8);
  std::uint64_t sum = 0;
  for (const char byte : header) sum += static_cast<unsigned char>(byte);
  put_octal(header.data() + 148, 7, sum);
  archive_.append(header.data(), header.size());
  archive_ += content;
  archive_.append((kBlock - content.size() % kBlock) % kBlock, '\0');
}

std::string TarWriter::take() {
  archive_.append(2 * kBlock, '\0');
  return std::exchange(archive_, {});
}

Result<std::string> tar_of_folder(const std::string& folder) {
  TarWriter writer;
  for (const std::string& name : host::list_directory(folder)) {
    const std::string path = folder + "/" + name;
    const auto content = host::read_file(path, kFileMax);
    if (!content) return tl::unexpected(content.error());
    writer.add_file(name, *content, ::access(path.c_str(), X_OK) == 0 ? 0755 : 0644);
  }
  return writer.take();
}

}  // namespace tandem::docker

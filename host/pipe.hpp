#pragma once
// Descriptors that close themselves, and pipes of them.

#include <fcntl.h>
#include <unistd.h>

namespace tandem::host {

/// A descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int file) : file_(file) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void reset(int file = -1) {
    if (file_ >= 0) ::close(file_);
    file_ = file;
  }
  [[nodiscard]] int get() const { return file_; }

 private:
  int file_ = -1;
};

struct Pipe {
  Descriptor read_end;
  Descriptor write_end;
  /// False with errno if there are no descriptors left.
  bool open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
    return true;
  }
};

}  // namespace tandem::host

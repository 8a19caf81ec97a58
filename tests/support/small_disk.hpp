#pragma once

#include <sys/mount.h>
#include <unistd.h>

#include <string>

#include "host/files.hpp"

namespace tandem::testing {

/// A file system of a few kilobytes below `folder`, unmounted at the end. Needs root.
class SmallDisk {
 public:
  SmallDisk(const std::string& folder, int kilobytes) : path_(folder + "/small-disk") {
    if (!host::ensure_directory(path_)) return;
    const std::string options = "size=" + std::to_string(kilobytes) + "k";
    mounted_ = ::mount("tandem-test", path_.c_str(), "tmpfs", 0, options.c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool mounted_ = false;
};

}  // namespace tandem::testing

#pragma once
// Internal: a TextSink with a buffer.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/record/export.hpp"

namespace tandem::record::detail {

class BufferedText {
 public:
  explicit BufferedText(const TextSink& out) : out_(out) {}
  ~BufferedText() { flush(); }
  BufferedText(const BufferedText&) = delete;
  BufferedText& operator=(const BufferedText&) = delete;

  BufferedText& operator<<(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= std::size_t{48} << 10) flush();
    return *this;
  }
  void flush() {
    if (!buffer_.empty()) out_(buffer_);
    buffer_.clear();
  }

 private:
  const TextSink& out_;
  std::string buffer_;
};

inline std::string dump(const nlohmann::json& document) {
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The request in row `row`, as one value.
RequestRecord request_at(const Recording& recording, std::size_t row);

}  // namespace tandem::record::detail

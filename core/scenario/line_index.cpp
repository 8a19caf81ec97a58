#include "core/scenario/line_index.hpp"

namespace tandem::scenario {

LineIndex::LineIndex(std::string_view text) : text_(text) {
  starts_.push_back(0);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') starts_.push_back(i + 1);
    if (static_cast<unsigned char>(text[i]) >= 0x80) ascii_ = false;
  }
}

std::string_view LineIndex::line(std::uint32_t number) const {
  if (number == 0 || number > starts_.size()) return {};
  const std::size_t begin = starts_[number - 1];
  std::size_t end = number < starts_.size() ? starts_[number] - 1 : text_.size();
  if (end > begin && text_[end - 1] == '\r') --end;
  return text_.substr(begin, end - begin);
}

std::uint32_t LineIndex::byte_column(std::uint32_t line_number, std::size_t characters) const {
  if (ascii_) return static_cast<std::uint32_t>(characters) + 1;
  const std::string_view content = line(line_number);
  std::size_t byte = 0;
  std::size_t seen = 0;
  while (byte < content.size() && seen < characters) {
    ++byte;
    while (byte < content.size() && (static_cast<unsigned char>(content[byte]) & 0xC0) == 0x80) ++byte;
    ++seen;
  }
  return static_cast<std::uint32_t>(byte + (characters - seen)) + 1;
}

}  // namespace tandem::scenario

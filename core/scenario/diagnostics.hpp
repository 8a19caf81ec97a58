#pragma once
// Collecting errors of a whole input and showing them with the line they are about.

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace tandem::scenario {

/// Gathers errors and warnings; readers go on after an error, so that all of them come at once.
class Diagnostics {
 public:
  void error(Error error) { errors_.push_back(std::move(error)); }
  void warning(Error warning);
  void add(const Errors& errors) { errors_.insert(errors_.end(), errors.begin(), errors.end()); }
  [[nodiscard]] const Errors& errors() const { return errors_; }
  [[nodiscard]] const Errors& warnings() const { return warnings_; }
  [[nodiscard]] std::size_t error_count() const { return errors_.size(); }
  [[nodiscard]] bool clean_since(std::size_t count) const { return errors_.size() == count; }
  /// Far more errors than anybody is shown: readers give up, so that a file full of mistakes costs no more than a good one.
  [[nodiscard]] bool full() const { return errors_.size() >= 1000; }

 private:
  Errors errors_;
  Errors warnings_;
};

/// Errors in reading order: file in order of first mention, then line, column, order of finding. At most `limit` are kept;
/// the last kept one then says how many were left out.
Errors in_reading_order(Errors errors, std::size_t limit);

/// to_string(error), and if `source` is the text of error.place.file the line with a caret under the column. Long lines
/// are cut around the caret. Nothing in it can control a terminal.
std::string render(const Error& error, std::string_view source);

}  // namespace tandem::scenario

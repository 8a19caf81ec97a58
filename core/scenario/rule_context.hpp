#pragma once

#include <string>

#include "core/base/text.hpp"
#include "core/scenario/diagnostics.hpp"
#include "core/scenario/document_path.hpp"
#include "core/scenario/documents.hpp"

namespace tandem::scenario {

/// Where validation rules report: a document gives each path its place.
class RuleContext {
 public:
  RuleContext(const Node& document, Diagnostics& diagnostics) : document_(document), diagnostics_(diagnostics) {}

  void error(const std::string& path, ErrorCode code, std::string what, std::string_view found, std::string allowed, std::string hint = {}) const {
    Error error = make_error(code, std::move(what), place_at(document_, path));
    error.path = path;
    error.found = escape_for_terminal(found, 120);
    error.allowed = std::move(allowed);
    error.hint = std::move(hint);
    diagnostics_.error(std::move(error));
  }

  /// True if the document has a value at the path.
  [[nodiscard]] bool has(std::string_view path) const { return node_at(document_, path) != nullptr; }

 private:
  const Node& document_;
  Diagnostics& diagnostics_;
};

}  // namespace tandem::scenario

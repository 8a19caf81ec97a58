#pragma once
// `kubectl get --watch`: a table, then a row for every change.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"
#include "core/kubectl/get.hpp"

namespace tandem::kubectl {

/// Columns never get narrower than they were, and headers come with the first row.
class Watch {
 public:
  /// Errors: those of select(); UsageBadArgument for several kinds.
  static Result<Watch> of(const GetRequest& request);

  /// What is there at the start; err and exit code if an object asked for by name is not.
  Result<Answer> start(const std::vector<nlohmann::json>& objects, std::int64_t now_unix_seconds);
  /// The row (or document) of an object that was added, modified or deleted at that moment; empty if it is not watched.
  std::string change(const nlohmann::json& object, std::int64_t now_unix_seconds);

 private:
  Watch(GetRequest request, std::function<bool(const nlohmann::json&)> is_watched);
  std::string shown(const std::vector<nlohmann::json>& objects, std::int64_t now_unix_seconds);

  GetRequest request_;
  std::function<bool(const nlohmann::json&)> is_watched_;
  TabWriter writer_ = TabWriter::for_tables();
  bool has_headers_ = false;
};

}  // namespace tandem::kubectl

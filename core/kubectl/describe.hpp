#pragma once
// `kubectl describe`: objects told in full, with the events about them (kubectl pkg/describe).

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"
#include "core/kubectl/answer.hpp"
#include "core/kubectl/selection.hpp"

namespace tandem::kubectl {

/// What a description reads besides its object.
struct DescribeContext {
  const std::vector<nlohmann::json>& objects;  ///< everything there is: pods of a controller, slices of a service, events …
  std::int64_t now_unix_seconds = 0;           ///< ages count up to here
  bool show_events = true;
};

/// The text for one object. Kinds without a description of their own are told field by field, as kubectl does for unknown kinds.
std::string describe_object(const nlohmann::json& object, const DescribeContext& context);

struct DescribeRequest : Selection {
  std::vector<std::string> words;  ///< TYPE and NAME as they were given: a single name that is not there may be the start of others
  bool show_events = true;
  std::int64_t now_unix_seconds = 0;
};

/// Errors: those of select().
Result<Answer> describe(const DescribeRequest& request, const std::vector<nlohmann::json>& objects);

}  // namespace tandem::kubectl

#pragma once
// Passes questions on to a policy and remembers what came of the last one, so that a recording can say it. RecordedPolicy gives it
// again.

#include <string>
#include <utility>

#include "core/control/scheduler/external_policy.hpp"
#include "core/record/cluster_events.hpp"

namespace tandem::control::scheduler {

class RememberingPolicy final : public ExternalPolicy {
 public:
  struct Answer {
    record::PolicyAnswer state = record::PolicyAnswer::NotAsked;
    std::string text;  ///< the line, or what went wrong
  };

  explicit RememberingPolicy(ExternalPolicyPtr policy) : policy_(std::move(policy)) {}

  Result<std::string> ask(const std::string& line) override {
    Result<std::string> answer = policy_->ask(line);
    if (answer) {
      last_ = {record::PolicyAnswer::Answered, *answer};
    } else {
      const Error& error = answer.error();
      last_ = {record::PolicyAnswer::Failed, error.found.empty() ? error.what : error.what + ": " + error.found};
    }
    return answer;
  }

  /// What came of the last question since the last call.
  Answer take() { return std::exchange(last_, {}); }

 private:
  ExternalPolicyPtr policy_;
  Answer last_;
};

/// Says what a recording says that a policy said.
class RecordedPolicy final : public ExternalPolicy {
 public:
  void set(record::PolicyAnswer state, std::string text) {
    state_ = state;
    text_ = std::move(text);
  }
  Result<std::string> ask(const std::string&) override {
    if (state_ == record::PolicyAnswer::Answered) return text_;
    if (state_ == record::PolicyAnswer::Failed) return fail(ErrorCode::ProcessFailed, text_);
    return fail(ErrorCode::Internal, "the recording does not say that the policy was asked");
  }

 private:
  record::PolicyAnswer state_ = record::PolicyAnswer::NotAsked;
  std::string text_;
};

}  // namespace tandem::control::scheduler

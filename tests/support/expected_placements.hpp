#pragma once
// scenarios/*/expected/placements.txt: which pod goes where, in which order, and which stays Pending with which message. Read from the
// recording's pods and events themselves, not through the scenario's checks.
//
//   # comment
//   web#1.1   kind-worker2                  a node
//   web#1.3   kind-worker4|kind-worker5     one of several; lines with the same nodes share them evenly
//   web#1.5   -                             on no node when the run ends
//   message   0/6 nodes are available: …    of every FailedScheduling event of the run

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/text.hpp"
#include "core/judge/event_history.hpp"
#include "core/judge/identity.hpp"
#include "core/record/recording.hpp"

namespace tandem::testing {

struct ExpectedPlacements {
  std::vector<std::pair<std::string, std::string>> pods;  ///< logical name, nodes
  std::set<std::string> messages;
};

inline ExpectedPlacements read_expected_placements(const std::string& file) {
  ExpectedPlacements expected;
  std::ifstream in(file);
  for (std::string text; std::getline(in, text);) {
    const std::size_t blank = text.find(' ');
    if (text.empty() || text.front() == '#' || blank == std::string::npos) continue;
    const std::string what = text.substr(0, blank);
    std::string rest(trim(std::string_view(text).substr(blank)));
    if (what == "message") expected.messages.insert(std::move(rest));
    else expected.pods.emplace_back(what, std::move(rest));
  }
  return expected;
}

/// Pods that got a node, in the order in which they were bound; then the others.
inline std::vector<std::pair<std::string, std::string>> placements_of(const judge::RunHistory& history) {
  const judge::Identities identities(history);
  std::vector<const judge::PodLife*> pods;
  for (const judge::PodLife& pod : history.pods) pods.push_back(&pod);
  std::stable_sort(pods.begin(), pods.end(), [](const auto* a, const auto* b) {
    return a->bound && b->bound ? *a->bound < *b->bound : a->bound.has_value() && !b->bound.has_value();
  });
  std::vector<std::pair<std::string, std::string>> placements;
  for (const auto* pod : pods) placements.emplace_back(identities.of(*pod), pod->bound ? pod->node : "-");
  return placements;
}

inline void expect_placements(const ExpectedPlacements& expected, const record::Recording& recording) {
  const auto seen = placements_of(judge::RunHistory::of(recording));
  std::set<std::string> said;
  for (const judge::EventLife& event : judge::events_of(recording)) {
    if (event.reason == "FailedScheduling") said.insert(event.message);
  }
  EXPECT_EQ(said, expected.messages);
  ASSERT_EQ(seen.size(), expected.pods.size());
  std::map<std::string, std::map<std::string, int>> shares;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const auto& [pod, allowed] = expected.pods[i];
    EXPECT_EQ(seen[i].first, pod) << "the order of binding";
    const std::vector<std::string> nodes = split(allowed, '|');
    EXPECT_NE(std::find(nodes.begin(), nodes.end(), seen[i].second), nodes.end()) << seen[i].first << " is on " << seen[i].second;
    for (const std::string& node : nodes) shares[allowed].try_emplace(node, 0);
    ++shares[allowed][seen[i].second];
  }
  for (const auto& [allowed, by_node] : shares) {
    int fewest = static_cast<int>(seen.size()), most = 0;
    for (const auto& [node, count] : by_node) {
      fewest = std::min(fewest, count);
      most = std::max(most, count);
    }
    EXPECT_LE(most - fewest, 1) << allowed;
  }
}

}  // namespace tandem::testing

#pragma once
// The history of a workload's template as ControllerRevisions, shared by StatefulSet and DaemonSet.
// Source: pkg/controller/history/controller_history.go (v1.34).

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/cluster/apps.hpp"

namespace tandem::control {

/// Oldest first: by revision, then age, then name.
inline void sort_revisions(std::vector<cluster::ControllerRevision>& revisions) {
  std::sort(revisions.begin(), revisions.end(), [](const cluster::ControllerRevision& a, const cluster::ControllerRevision& b) {
    if (a.revision != b.revision) return a.revision < b.revision;
    if (a.meta.creation_timestamp != b.meta.creation_timestamp) return a.meta.creation_timestamp < b.meta.creation_timestamp;
    return a.meta.name < b.meta.name;
  });
}

/// Number of the revision that would come after `sorted` ones.
[[nodiscard]] inline std::int64_t next_revision(const std::vector<cluster::ControllerRevision>& sorted) {
  return sorted.empty() ? 1 : sorted.back().revision + 1;
}

}  // namespace tandem::control

#pragma once
// Exports that tell what the objects of a run did over time (conventions §4). SQLite comes with a later issue.

#include <span>
#include <string>

#include "core/record/export.hpp"
#include "core/record/recording.hpp"

namespace tandem::judge {

/// Chrome trace JSON, opened by Perfetto. A process per node with a thread per pod (its life, with starting, ready and terminating
/// nested inside), one per traffic source (requests as async slices), one for the control plane (marks, decisions, sizes of
/// Deployments and ReplicaSets as counters), one per entity of the time series. Several runs get disjoint process ranges in one
/// file, named by `labels` (same length), for side-by-side reading.
void export_trace(std::span<const record::Recording* const> recordings, std::span<const std::string> labels, const record::TextSink& out);

/// Long form "t_s,entity,metric,value", ordered by time: samples, sizes of Deployments and ReplicaSets and ready endpoints of
/// Services, utilisation and fragmentation of the workers (cluster_utilisation.hpp) whenever they change, and per second of intended time each source's requests, failures and mean latency (scaled up
/// where requests were sampled).
void export_series_csv(const record::Recording& recording, const record::TextSink& out);

/// OpenMetrics text of the run's end: request counters, a latency histogram per source (bucket borders may be off by the
/// recording's histogram resolution, 10^-3), sizes of Deployments, the run's duration.
void export_openmetrics(const record::Recording& recording, const record::TextSink& out);

}  // namespace tandem::judge

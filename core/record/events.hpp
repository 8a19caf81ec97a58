#pragma once
// The event vocabulary, one header per domain (design §1). Both worlds speak it; the recording stores it column by column.
// A later domain (data, mapreduce) adds its own header, its own table in events.fbs and its own columns.

#include "core/record/cluster_events.hpp"
#include "core/record/run_events.hpp"
#include "core/record/traffic_events.hpp"

#pragma once
// Kubernetes JSON <-> typed objects, without loss: unknown fields land in `rest` and come out again.

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"
#include "core/cluster/objects.hpp"

namespace tandem::cluster {

/// SimTime zero as Unix seconds in every JSON text: 2026-01-01T00:00:00Z. A constant, so that recordings hold no wall clock.
inline constexpr std::int64_t kEpochUnixSeconds = 1767225600;

/// How times are written: Seconds as the API server does (RFC 3339), Nanoseconds in recordings (exact).
enum class TimeFormat : std::uint8_t { Seconds, Nanoseconds };

/// "2026-01-01T00:00:21Z" or with ".123456789".
std::string format_time(SimTime time, TimeFormat format);
/// RFC 3339 with optional fraction, "Z" or offset. Errors: ValueType.
Result<SimTime> parse_time(std::string_view text);

/// Object as Kubernetes JSON with apiVersion, kind, metadata, spec, status. Zero and empty fields are left out as the API server does.
template <class T>
nlohmann::json to_json(const T& object, TimeFormat format = TimeFormat::Seconds);
nlohmann::json to_json(const AnyObject& object, TimeFormat format = TimeFormat::Seconds);

/// Reads any kind by its apiVersion and kind. Type errors are collected, each with its document path in Error::path
/// (the scenario loader adds line and column from the path). Unknown kinds become Unstructured.
Checked<AnyObject> object_from_json(const nlohmann::json& document);
/// Same, for a caller who knows the kind. Instantiated for every stored kind.
template <class T>
Checked<T> from_json(const nlohmann::json& document);

/// imagePullPolicy of a container that has none (kubernetes-semantics §4.5): "Always" for the tag latest and for no tag; a digest
/// without a tag counts as a fixed version, "IfNotPresent".
std::string_view default_image_pull_policy(std::string_view image);
/// The defaults the API server would apply that our controllers rely on (requests from limits, port protocol and
/// targetPort, probe numbers, strategy, selectors' effect on nothing): kubernetes-semantics §1.4, §2.1; core/cluster/api has them all.
void apply_defaults(AnyObject& object);
void apply_defaults(PodSpec& spec);

}  // namespace tandem::cluster

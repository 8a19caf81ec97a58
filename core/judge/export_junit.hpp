#pragma once

#include <string>

#include "core/judge/checks.hpp"
#include "core/record/recording.hpp"

namespace tandem::judge {

/// JUnit XML of a run's checks (conventions §1.4): one suite, a case per check; a false check is a failure, one that could not be
/// evaluated an error. Seed, scenario hash and digest are properties. Without wall-clock times: the same bytes for the same run.
std::string junit_xml(const CheckReport& report, const record::Recording& recording);

/// Text for XML attributes and content: the five entities; characters that XML 1.0 does not allow become U+FFFD.
std::string xml_escaped(std::string_view text);

}  // namespace tandem::judge

#pragma once
// Every reader of foreign bytes behind one kind of function. The fuzzers (libFuzzer) and the regression test over the corpora
// call the same ones. A reader must not crash, hang, leak or break its own promises (CHECK) whatever the bytes are.

#include <span>
#include <string_view>

namespace tandem::fuzz {

struct Reader {
  std::string_view name;                   ///< folder of its corpus, and of its fuzzer: tandem-fuzz-NAME
  void (*read)(std::string_view bytes);
};

std::span<const Reader> readers();

// scenario_readers.cpp
void read_scenario(std::string_view bytes);
void read_manifest(std::string_view bytes);
void read_kind(std::string_view bytes);
void read_calibration(std::string_view bytes);
void read_override(std::string_view bytes);
// notation_readers.cpp
void read_check(std::string_view bytes);
void read_notation(std::string_view bytes);
// object_readers.cpp
void read_object(std::string_view bytes);
void read_recording(std::string_view bytes);
void read_chunk(std::string_view bytes);
// real_readers.cpp
void read_journal(std::string_view bytes);
void read_engine_answer(std::string_view bytes);
void read_http_response(std::string_view bytes);
void read_http_request(std::string_view bytes);
void read_workload_config(std::string_view bytes);
void read_traffic_plan(std::string_view bytes);
void read_frames(std::string_view bytes);

}  // namespace tandem::fuzz

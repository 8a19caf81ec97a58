#pragma once
// Reads one HTTP/1.1 answer that arrives in pieces: keeps the few headers a record needs, skips the body.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/time.hpp"

namespace tandem::load_generator {

/// What a replica and the balancer in front of it say about an answer. -1 ns = not said.
struct AnswerFacts {
  std::uint16_t status = 0;
  std::string replica;
  SimDuration queued{-1};
  SimDuration service{-1};
  SimDuration cpu{-1};
  SimDuration throttled{-1};
  std::uint8_t attempts = 1;   ///< peers the balancer tried
  bool keep_alive = false;     ///< the connection can be used again
};

class HttpResponseReader {
 public:
  enum class State : std::uint8_t { Head, Body, Complete, Malformed };

  /// `head_only`: the request was HEAD, so no body follows whatever the headers say.
  explicit HttpResponseReader(bool head_only = false) : head_only_(head_only) {}

  State feed(std::string_view bytes);
  /// The peer closed: completes an answer without length, or says Malformed (cut).
  State end_of_stream();

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool began() const { return began_; }
  [[nodiscard]] const AnswerFacts& facts() const { return facts_; }

 private:
  enum class Framing : std::uint8_t { None, Length, Chunked, UntilClose };
  enum class ChunkPart : std::uint8_t { Size, Data, DataEnd, Trailer };

  void read_head();
  void read_header(std::string_view name, std::string_view value);
  void read_body(std::string_view bytes);
  void read_chunks(std::string_view bytes);
  void end_chunk_line();

  bool head_only_;
  bool began_ = false;
  State state_ = State::Head;
  Framing framing_ = Framing::UntilClose;
  ChunkPart chunk_part_ = ChunkPart::Size;
  std::string line_;           ///< the head, later the current chunk line
  std::uint64_t remaining_ = 0;
  AnswerFacts facts_;
};

/// Value of `dur` of metric `name` in a Server-Timing header, or -1 ns.
SimDuration server_timing(std::string_view header, std::string_view name);

}  // namespace tandem::load_generator

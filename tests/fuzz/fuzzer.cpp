// One fuzzer a reader: libFuzzer's entry, for the reader that TANDEM_FUZZ_READER names.

#include <cstddef>
#include <cstdint>

#include "core/base/check.hpp"
#include "tests/fuzz/readers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const tandem::fuzz::Reader* const reader = [] {
    for (const tandem::fuzz::Reader& known : tandem::fuzz::readers()) {
      if (known.name == TANDEM_FUZZ_READER) return &known;
    }
    CHECK(false, "no such reader: " TANDEM_FUZZ_READER);
    return static_cast<const tandem::fuzz::Reader*>(nullptr);
  }();
  reader->read({reinterpret_cast<const char*>(data), size});
  return 0;
}

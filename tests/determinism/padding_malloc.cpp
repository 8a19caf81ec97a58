// A malloc to preload: every block gets a random size more than was asked for, and is a random one of several, so that addresses
// come in another order in every run. Address-space randomisation alone moves all blocks together and hides such bugs
// (hardening §1: 200 runs with it showed one order of an unordered_set of pointers, 50 runs with padding showed 50).
//
// Blocks are glibc's own, so free() and realloc() need nothing from here. TANDEM_PADDING_SEED picks the run.

#include <stdlib.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

extern "C" {
void* __libc_malloc(std::size_t size);
void __libc_free(void* block);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
}

namespace {

constexpr std::size_t kPaddingMax = 1024;
constexpr int kCandidatesMax = 4;

std::uint64_t seed() {
  // getenv allocates nothing. The seed is only read here, so that every process of a run has the same one.
  const char* const text = getenv("TANDEM_PADDING_SEED");
  return text == nullptr ? 1 : strtoull(text, nullptr, 10);
}

/// SplitMix64 over a counter: good enough, and no state that a first call would have to set up.
std::uint64_t draw() {
  static std::atomic<std::uint64_t> counter{0};
  static const std::uint64_t start = seed() * 0x9E3779B97F4A7C15u;
  std::uint64_t z = start + counter.fetch_add(1, std::memory_order_relaxed) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

std::size_t padded(std::size_t size) {
  const std::size_t more = draw() % kPaddingMax;
  return size + more < size ? size : size + more;
}

/// One of several blocks; the others go back and leave holes for later calls.
template <class Allocate>
void* one_of_several(Allocate allocate) {
  void* blocks[kCandidatesMax];
  const int count = 1 + static_cast<int>(draw() % kCandidatesMax);
  for (int i = 0; i < count; ++i) blocks[i] = allocate();
  const int kept = static_cast<int>(draw() % static_cast<unsigned>(count));
  for (int i = 0; i < count; ++i) {
    if (i != kept) __libc_free(blocks[i]);
  }
  return blocks[kept];
}

bool is_small(std::size_t size) { return size < 64 * 1024; }

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
  if (!is_small(size)) return __libc_malloc(size);
  return one_of_several([size] { return __libc_malloc(padded(size)); });
}

void* calloc(std::size_t count, std::size_t size) {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(count, size, &bytes) || !is_small(bytes)) return __libc_calloc(count, size);
  return one_of_several([bytes] { return __libc_calloc(1, padded(bytes)); });
}

void* realloc(void* block, std::size_t size) { return __libc_realloc(block, size == 0 ? 0 : padded(size)); }

void* memalign(std::size_t alignment, std::size_t size) { return __libc_memalign(alignment, padded(size)); }
void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }

int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  void* const made = memalign(alignment, size);
  if (made == nullptr) return 12;  // ENOMEM, without touching errno
  *block = made;
  return 0;
}

}  // extern "C"

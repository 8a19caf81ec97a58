#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tandem {

/// Streaming SHA-256 (OpenSSL EVP, so that stock `openssl dgst` and `sha256sum` can check our values).
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::span<const std::byte> bytes);
  void update(std::string_view bytes);
  /// Little-endian fixed-width integers: fields, never struct memory (hardening D12).
  void update_u64(std::uint64_t value);
  void update_u32(std::uint32_t value);
  /// Lower-case hex of the digest so far; further updates may follow.
  [[nodiscard]] std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view bytes);

}  // namespace tandem

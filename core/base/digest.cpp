#include "core/base/digest.hpp"

#include <openssl/evp.h>

#include <array>

#include "core/base/check.hpp"

namespace tandem {
namespace {

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

Context make_context() {
  Context context(EVP_MD_CTX_new());
  CHECK(context != nullptr, "OpenSSL has no memory for a digest");
  return context;
}

template <class Integer>
std::array<std::byte, sizeof(Integer)> little_endian(Integer value) {
  std::array<std::byte, sizeof(Integer)> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
  return bytes;
}

}  // namespace

struct Sha256::State {
  Context context = make_context();
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  CHECK(EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1, "OpenSSL has no SHA-256");
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::byte> bytes) {
  CHECK(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1, "SHA-256 update failed");
}

void Sha256::update(std::string_view bytes) { update(std::as_bytes(std::span(bytes.data(), bytes.size()))); }
void Sha256::update_u64(std::uint64_t value) { update(little_endian(value)); }
void Sha256::update_u32(std::uint32_t value) { update(little_endian(value)); }

std::string Sha256::hex() const {
  // Finishing ends a context, so a copy is finished and this one goes on.
  const Context copy = make_context();
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  CHECK(EVP_MD_CTX_copy_ex(copy.get(), state_->context.get()) == 1 &&
            EVP_DigestFinal_ex(copy.get(), digest.data(), &size) == 1 && size == digest.size(),
        "SHA-256 finish failed");
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * digest.size());
  for (const unsigned char byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 digest;
  digest.update(bytes);
  return digest.hex();
}

}  // namespace tandem

#include "core/base/digest.hpp"

#include <gtest/gtest.h>

namespace tandem {
namespace {

TEST(Sha256, GivesTheAnswersOfFips180) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, GoesOnAfterADigestWasRead) {
  Sha256 digest;
  digest.update("a");
  EXPECT_EQ(digest.hex(), sha256_hex("a"));
  digest.update("bc");
  EXPECT_EQ(digest.hex(), sha256_hex("abc"));
}

TEST(Sha256, TakesIntegersAsLittleEndianBytes) {
  Sha256 digest;
  digest.update_u64(0x0807060504030201ULL);
  digest.update_u32(0x0c0b0a09U);
  EXPECT_EQ(digest.hex(), sha256_hex("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"));
}

TEST(Sha256, CanBeMoved) {
  Sha256 first;
  first.update("abc");
  Sha256 second = std::move(first);
  EXPECT_EQ(second.hex(), sha256_hex("abc"));
}

}  // namespace
}  // namespace tandem

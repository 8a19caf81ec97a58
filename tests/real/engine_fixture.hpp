#pragma once
// Skips with a reason where no container engine answers, or fails where one is demanded.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "real/docker/engine_client.hpp"

namespace tandem::docker {

class EngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto address = EngineAddress::from_environment();
    ASSERT_TRUE(address.has_value());
    address_ = *address;
    engine_ = std::make_unique<EngineClient>(address_, nullptr);
    const auto info = engine_->connect();
    if (info) return;
    if (std::getenv("TANDEM_REQUIRE_DOCKER") != nullptr) FAIL() << "a Docker engine is demanded: " << to_string(info.error());
    GTEST_SKIP() << info.error().what;
  }

  /// Containers of runs of this process, in every state.
  std::size_t our_containers() {
    const auto listed = engine_->run(api::list_containers("tandem.owner.pid=" + std::to_string(getpid())));
    EXPECT_TRUE(listed.has_value());
    return listed ? listed->size() : 0;
  }

  EngineAddress address_;
  std::unique_ptr<EngineClient> engine_;
};

}  // namespace tandem::docker

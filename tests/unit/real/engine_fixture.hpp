#pragma once
// A fake engine, a state folder of its own, and a client with little patience.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "host/files.hpp"
#include "real/docker/run_resources.hpp"
#include "real/engine/journal.hpp"
#include "real/engine/run_identity.hpp"
#include "tests/unit/real/fake_engine.hpp"

namespace tandem::docker {

class FakeEngineTest : public ::testing::Test {
 protected:
  FakeEngineTest() {
    setenv("TANDEM_STATE", (scratch_.path() + "/state").c_str(), 1);
    client_.set_patience(milliseconds(150));
  }

  /// The labels and names of a run whose process has gone (an old boot).
  static real::RunIdentity dead_run(char digit) {
    real::RunIdentity identity;
    identity.run_id = std::string(32, digit);
    identity.owner = {1, 1, "00000000-0000-0000-0000-000000000000"};
    identity.deadline = 1;
    return identity;
  }
  static real::RunIdentity living_run() { return *real::RunIdentity::create(seconds(5)); }

  std::string add(const real::RunIdentity& identity, const std::string& type, const std::string& kind, int number,
                  std::chrono::milliseconds delay = std::chrono::milliseconds(0)) {
    return engine_.add(type, identity.name_of(kind, static_cast<std::uint64_t>(number)), identity.labels(kind), delay);
  }

  /// Ten decoys whose labels and names look like ours.
  void add_decoys() {
    const LabelMap ours = dead_run('a').labels("pod");
    LabelMap short_id = ours, longer = ours, no_boot = ours, other_name = ours;
    short_id["tandem.run"] = "abc";
    longer["tandem.run"] += "0";
    no_boot.erase("tandem.owner.boot");
    engine_.add("container", "tandem-aaaaaaaaaaaa-pod-1x", ours);
    engine_.add("container", "tandem-aaaaaaaaaaaa-pod-", ours);
    engine_.add("container", "my-tandem-aaaaaaaaaaaa-pod-1", ours);
    engine_.add("container", "tandem-aaaaaaaaaaaa-pod-2", short_id);
    engine_.add("container", "tandem-aaaaaaaaaaaa-pod-3", longer);
    engine_.add("container", "tandem-aaaaaaaaaaaa-pod-4", no_boot);
    engine_.add("container", "tandem-aaaaaaaaaaaa-pod-5", {});
    engine_.add("network", "tandem-aaaaaaaaaaaa-network-6", {{"tandem.runner", "x"}, {"com.example.tandem.run", std::string(32, 'a')}});
    engine_.add("volume", "tandem-aaaaaaaaaaaa-volume-7", {{"tandem.run", ""}});
    add(living_run(), "container", "pod", 8);
    decoys_ = engine_.names();
  }

  CleanOptions quick() const {
    CleanOptions options;
    options.grace = milliseconds(50);
    return options;
  }

  host::ScratchDirectory scratch_ = std::move(*host::ScratchDirectory::create("real-test"));
  FakeEngine engine_{scratch_.path() + "/engine.sock"};
  EngineClient client_{engine_.address(), nullptr};
  std::vector<std::string> decoys_;
};

}  // namespace tandem::docker

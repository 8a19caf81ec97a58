#pragma once
// Makes sure that a container's image is on the node (pkg/kubelet/images image_manager.go, puller.go, v1.34): pull policy, one
// pull at a time, back-off after failures, and the events about all that.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/base/clock.hpp"
#include "core/cluster/api_server.hpp"
#include "core/control/kubelet/back_off.hpp"
#include "core/control/node_runtime.hpp"

namespace tandem::control::kubelet {

class ImagePuller {
 public:
  struct Options {
    std::string node_name;
    std::uint32_t entity = 0;  ///< order among simultaneous events of class Control
  };
  /// Why the container cannot be made. An empty reason: its image is here.
  struct Outcome {
    std::string reason;   ///< ErrImagePull, ImagePullBackOff, ErrImageNeverPull, InvalidImageName, RegistryUnavailable, SignatureValidationFailed
    std::string message;
    friend bool operator==(const Outcome&, const Outcome&) = default;
  };
  using Done = std::function<void(const Outcome&)>;
  /// type, reason, message
  using EventSink = std::function<void(const cluster::Pod&, const char*, const char*, std::string)>;

  ImagePuller(Clock& clock, NodeRuntime& runtime, Options options, EventSink event);
  ~ImagePuller();
  ImagePuller(const ImagePuller&) = delete;
  ImagePuller& operator=(const ImagePuller&) = delete;

  /// `done` runs in an event of its own, never inside the call. `policy` is Always, IfNotPresent or Never; anything else is taken
  /// for IfNotPresent. Nobody can take a pull back: a pod that goes away meanwhile must ignore the answer.
  void ensure_image_exists(const cluster::Ptr<cluster::Pod>& pod, const std::string& image, const std::string& policy, Done done);

  /// The pod is gone: its back-off is forgotten.
  void forget(const std::string& pod_uid);

 private:
  struct Pull {
    cluster::Ptr<cluster::Pod> pod;
    std::string image;
    SimTime asked;
    SimTime begun;
    Done done;
  };

  void answer(Done done, Outcome outcome);
  void pull(Pull request);
  void start_next();
  void pulled(const Result<ImagePulled>& result);

  Clock& clock_;
  NodeRuntime& runtime_;
  Options options_;
  EventSink event_;
  BackOff back_off_{{}};
  std::map<std::string, std::string, std::less<>> last_errors_;  ///< by back-off key: "ErrImagePull: not found"
  std::deque<Pull> pulls_;  ///< serializeImagePulls: the front one is under way
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tandem::control::kubelet

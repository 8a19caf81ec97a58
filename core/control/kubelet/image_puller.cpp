#include "core/control/kubelet/image_puller.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

#include "core/control/kubelet/go_duration.hpp"
#include "core/control/kubelet/image_reference.hpp"

namespace tandem::control::kubelet {

namespace {

std::string key_of_pull(const cluster::Pod& pod, std::string_view image) { return fmt::format("{}_{}", pod.meta.uid, image); }

/// Go prints durations of events cut to whole milliseconds.
std::string milliseconds_text(SimDuration duration) { return go_duration(milliseconds(duration.ns / 1'000'000)); }

/// evalCRIPullErr: two errors of a runtime have reasons of their own.
ImagePuller::Outcome failure(std::string_view image, const std::string& error) {
  struct Special {
    std::string_view reason;
    std::string_view cause;
  };
  static constexpr std::array<Special, 2> kSpecial = {
      {{"RegistryUnavailable", "the registry is unavailable"}, {"SignatureValidationFailed", "the signature validation failed"}}};
  for (const Special& special : kSpecial) {
    if (!error.starts_with(special.reason)) continue;
    return {std::string(special.reason),
            fmt::format("image pull failed for {} because {}{}", image, special.cause, error.substr(special.reason.size()))};
  }
  return {"ErrImagePull", error};
}

}  // namespace

ImagePuller::ImagePuller(Clock& clock, NodeRuntime& runtime, Options options, EventSink event)
    : clock_(clock), runtime_(runtime), options_(std::move(options)), event_(std::move(event)) {}

ImagePuller::~ImagePuller() { *alive_ = false; }

void ImagePuller::answer(Done done, Outcome outcome) {
  clock_.after({}, EventClass::Control, options_.entity, [done = std::move(done), outcome = std::move(outcome), alive = alive_] {
    if (*alive) done(outcome);
  });
}

void ImagePuller::ensure_image_exists(const cluster::Ptr<cluster::Pod>& pod, const std::string& image, const std::string& policy,
                                      Done done) {
  if (const Result<ImageReference> reference = parse_image_reference(image); !reference) {
    std::string message = fmt::format("Failed to apply default image tag \"{}\": {}", image, reference.error().what);
    event_(*pod, "Warning", "InspectFailed", message);
    return answer(std::move(done), {"InvalidImageName", std::move(message)});
  }
  if (policy != "Always") {
    if (runtime_.image_present(options_.node_name, image)) {
      event_(*pod, "Normal", "Pulled", fmt::format("Container image \"{}\" already present on machine", image));
      return answer(std::move(done), {});
    }
    if (policy == "Never") {
      std::string message = fmt::format("Container image \"{}\" is not present with pull policy of Never", image);
      event_(*pod, "Warning", "ErrImageNeverPull", message);
      return answer(std::move(done), {"ErrImageNeverPull", std::move(message)});
    }
  }
  pull({pod, image, clock_.now(), {}, std::move(done)});
}

void ImagePuller::pull(Pull request) {
  const std::string key = key_of_pull(*request.pod, request.image);
  if (back_off_.in_back_off_since_update(key, clock_.now())) {
    std::string message = fmt::format("Back-off pulling image \"{}\"", request.image);
    event_(*request.pod, "Normal", "BackOff", message);
    if (const auto cause = last_errors_.find(key); cause != last_errors_.end()) message += ": " + cause->second;
    return answer(std::move(request.done), {"ImagePullBackOff", std::move(message)});
  }
  last_errors_.erase(key);
  event_(*request.pod, "Normal", "Pulling", fmt::format("Pulling image \"{}\"", request.image));
  pulls_.push_back(std::move(request));
  if (pulls_.size() == 1) start_next();
}

void ImagePuller::start_next() {
  if (pulls_.empty()) return;
  Pull& next = pulls_.front();
  next.begun = clock_.now();
  runtime_.pull_image(options_.node_name, next.image, [this, alive = alive_](const Result<ImagePulled>& result) {
    if (*alive) pulled(result);
  });
}

void ImagePuller::pulled(const Result<ImagePulled>& result) {
  const Pull finished = std::move(pulls_.front());
  pulls_.pop_front();
  const SimTime now = clock_.now();
  Outcome outcome;
  if (result) {
    event_(*finished.pod, "Normal", "Pulled",
           fmt::format("Successfully pulled image \"{}\" in {} ({} including waiting). Image size: {} bytes.", finished.image,
                       milliseconds_text(now - finished.begun), milliseconds_text(now - finished.asked), result->bytes));
    back_off_.sweep(now);
  } else {
    const std::string key = key_of_pull(*finished.pod, finished.image);
    event_(*finished.pod, "Warning", "Failed", fmt::format("Failed to pull image \"{}\": {}", finished.image, result.error().what));
    back_off_.next(key, now, now);
    outcome = failure(finished.image, result.error().what);
    last_errors_[key] = outcome.reason + ": " + outcome.message;
  }
  start_next();
  finished.done(outcome);
}

void ImagePuller::forget(const std::string& pod_uid) {
  const std::string prefix = pod_uid + "_";
  back_off_.forget(prefix);
  auto entry = last_errors_.lower_bound(prefix);
  while (entry != last_errors_.end() && entry->first.starts_with(prefix)) entry = last_errors_.erase(entry);
}

}  // namespace tandem::control::kubelet

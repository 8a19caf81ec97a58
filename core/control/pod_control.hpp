#pragma once
// How a controller creates and deletes pods: a seam of its own (as in pkg/controller/controller_utils.go), so that admission
// such as a quota can stand between a controller and the API server.

#include <functional>

#include "core/cluster/api_server.hpp"

namespace tandem::control {

class PodControl {
 public:
  using Answer = cluster::ApiClient::Answer<cluster::Pod>;
  virtual ~PodControl() = default;
  virtual void create(cluster::Pod pod, Answer answer) = 0;
  virtual void remove(const cluster::ObjectKey& pod, Answer answer) = 0;
};

/// Straight to the API server through the controller's own client.
class ApiPodControl final : public PodControl {
 public:
  explicit ApiPodControl(cluster::ApiClient& client) : client_(client) {}
  void create(cluster::Pod pod, Answer answer) override { client_.create<cluster::Pod>(std::move(pod), std::move(answer)); }
  void remove(const cluster::ObjectKey& pod, Answer answer) override {
    client_.remove<cluster::Pod>(pod, {}, std::move(answer));
  }

 private:
  cluster::ApiClient& client_;
};

}  // namespace tandem::control

#include "core/kubectl/pod_resources.hpp"

#include <algorithm>

#include "core/kubectl/formatting.hpp"
#include "core/kubectl/json_reading.hpp"

namespace tandem::kubectl {

namespace {

Amounts amounts_of(const json& list) {
  Amounts amounts;
  if (!list.is_object()) return amounts;
  for (const auto& [name, amount] : list.items()) amounts.emplace(name, quantity_of(amount));
  return amounts;
}

void take_larger(Amounts& amounts, const Amounts& others) {
  for (const auto& [name, amount] : others) {
    const auto [place, is_new] = amounts.emplace(name, amount);
    if (!is_new && amount > place->second) place->second = amount;
  }
}

const json* status_of(const json& pod, const std::string& container) {
  for (const char* list : {"/status/initContainerStatuses", "/status/containerStatuses"}) {
    for (const json& status : list_at(pod, list)) {
      if (text_at(status, "/name") == container) return &status;
    }
  }
  return nullptr;
}

bool is_resize_infeasible(const json& pod) {
  const json& conditions = list_at(pod, "/status/conditions");
  return std::any_of(conditions.begin(), conditions.end(), [](const json& condition) {
    return text_at(condition, "/type") == "PodResizePending" && text_at(condition, "/reason") == "Infeasible";
  });
}

Amounts container_requests(const json& pod, const json& container) {
  const json* status = status_of(pod, text_at(container, "/name"));
  const bool is_resizable = status != nullptr && at(*status, "/resources").is_object();
  if (!is_resizable) return amounts_of(at(container, "/resources/requests"));
  Amounts amounts;
  if (!is_resize_infeasible(pod)) amounts = amounts_of(at(container, "/resources/requests"));
  take_larger(amounts, amounts_of(at(*status, "/resources/requests")));
  take_larger(amounts, amounts_of(at(*status, "/allocatedResources")));
  return amounts;
}

/// Sum over containers, raised to what the init containers need on their way. `of_container(container, is_resizable)`: init
/// containers that end cannot be resized.
template <class OfContainer>
Amounts total(const json& pod, OfContainer of_container) {
  Amounts sum;
  for (const json& container : list_at(pod, "/spec/containers")) add(sum, of_container(container, true));
  Amounts sidecars;
  Amounts start;
  for (const json& container : list_at(pod, "/spec/initContainers")) {
    if (text_at(container, "/restartPolicy") == "Always") {
      const Amounts own = of_container(container, true);
      add(sum, own);
      add(sidecars, own);
      take_larger(start, sidecars);
    } else {
      Amounts moment = of_container(container, false);
      add(moment, sidecars);
      take_larger(start, moment);
    }
  }
  take_larger(sum, start);
  return sum;
}

/// Positive amounts of CPU and memory.
void add_counted(Amounts& sum, const json& list) {
  for (const auto& [name, amount] : amounts_of(list)) {
    if ((name == "cpu" || name == "memory") && amount.sign() > 0) add(sum, {{name, amount}});
  }
}

bool limits_both(const json& list) {
  Amounts counted;
  add_counted(counted, list);
  return counted.size() == 2;
}

}  // namespace

void add(Amounts& sum, const Amounts& more) {
  for (const auto& [name, amount] : more) {
    const auto [place, is_new] = sum.emplace(name, amount);
    if (!is_new) place->second = place->second + amount;
  }
}

Amounts pod_requests(const json& pod) {
  Amounts sum = total(pod, [&](const json& container, bool is_resizable) {
    return is_resizable ? container_requests(pod, container) : amounts_of(at(container, "/resources/requests"));
  });
  add(sum, amounts_of(at(pod, "/spec/overhead")));
  return sum;
}

Amounts pod_limits(const json& pod) {
  Amounts sum = total(pod, [](const json& container, bool) { return amounts_of(at(container, "/resources/limits")); });
  for (const auto& [name, amount] : amounts_of(at(pod, "/spec/overhead"))) {
    const auto limit = sum.find(name);
    if (limit != sum.end() && limit->second.sign() != 0) limit->second = limit->second + amount;
  }
  return sum;
}

std::string quality_of_service(const json& pod) {
  if (std::string stored = text_at(pod, "/status/qosClass"); !stored.empty()) return stored;
  Amounts requests;
  Amounts limits;
  bool guaranteed = true;
  const auto count = [&](const json& resources) {
    add_counted(requests, at(resources, "/requests"));
    add_counted(limits, at(resources, "/limits"));
    guaranteed = guaranteed && limits_both(at(resources, "/limits"));
  };
  if (const json& resources = at(pod, "/spec/resources"); resources.is_object()) {
    count(resources);
  } else {
    for (const char* list : {"/spec/containers", "/spec/initContainers"}) {
      for (const json& container : list_at(pod, list)) count(at(container, "/resources"));
    }
  }
  if (requests.empty() && limits.empty()) return "BestEffort";
  return guaranteed && requests == limits ? "Guaranteed" : "Burstable";
}

}  // namespace tandem::kubectl

#include "core/control/kubelet/back_off.hpp"

#include <algorithm>

namespace tandem::control::kubelet {

BackOff::Record* BackOff::find(std::string_view id, SimTime now) {
  const auto found = records_.find(id);
  if (found == records_.end()) return nullptr;
  if (options_.sweep_period.ns > 0) {
    const SimTime last_sweep{now.ns / options_.sweep_period.ns * options_.sweep_period.ns};
    if (expired(found->second, last_sweep)) {
      records_.erase(found);
      return nullptr;
    }
  }
  return &found->second;
}

SimDuration BackOff::get(std::string_view id, SimTime now) {
  const Record* record = find(id, now);
  return record == nullptr ? SimDuration{} : record->delay;
}

void BackOff::next(std::string_view id, SimTime event, SimTime now) {
  Record* record = find(id, now);
  if (record == nullptr) record = &records_.try_emplace(std::string(id)).first->second;
  const bool fresh = record->delay.ns == 0 || expired(*record, event);
  record->delay = fresh ? options_.initial : std::min(record->delay * 2, options_.longest);
  record->updated = now;
}

bool BackOff::in_back_off_since(std::string_view id, SimTime event, SimTime now) {
  const Record* record = find(id, now);
  return record != nullptr && !expired(*record, event) && now - event < record->delay;
}

bool BackOff::in_back_off_since_update(std::string_view id, SimTime now) {
  const Record* record = find(id, now);
  return record != nullptr && !expired(*record, now) && now - record->updated < record->delay;
}

void BackOff::sweep(SimTime now) {
  std::erase_if(records_, [&](const auto& entry) { return expired(entry.second, now); });
}

void BackOff::forget(std::string_view prefix) {
  auto entry = records_.lower_bound(prefix);
  while (entry != records_.end() && entry->first.starts_with(prefix)) entry = records_.erase(entry);
}

}  // namespace tandem::control::kubelet

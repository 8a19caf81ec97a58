#include "core/judge/decisions_of.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tandem::judge {

DecisionsOfPods::DecisionsOfPods(const record::Recording& recording, const RunHistory& history) : history_(history), identities_(history) {
  std::map<std::string, std::vector<const PodLife*>> lives;  // by "namespace/name", in order of creation
  std::map<std::string, std::uint32_t> same_identity;
  std::map<const PodLife*, std::string> key;
  for (const PodLife& pod : history.pods) {
    lives[pod.namespace_ + "/" + pod.name].push_back(&pod);
    by_uid_[pod.uid] = &pod;
    const std::string identity = identities_.of(pod);
    key[&pod] = fmt::format("{} life {}", identity, ++same_identity[identity]);
  }
  const auto& decisions = recording.decisions();
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    const SimTime begun = decisions[i].inputs ? decisions[i].inputs->begun : decisions[i].time;
    const PodLife* pod = nullptr;
    for (const PodLife* life : lives[decisions[i].pod]) {
      if (life->created.time <= begun) pod = life;
    }
    pods_.push_back(pod);
    keys_.push_back(fmt::format("{} attempt {}", pod == nullptr ? decisions[i].pod : key[pod], decisions[i].attempt));
    if (pod != nullptr) decisions_[pod].push_back(i);
  }
}

const PodLife* DecisionsOfPods::life_of(const std::string& uid) const {
  const auto found = by_uid_.find(uid);
  return found == by_uid_.end() ? nullptr : found->second;
}

const PodLife* DecisionsOfPods::find(const std::string& namespace_, const std::string& name, std::optional<SimTime> at) const {
  const auto last = [&](auto&& is_it) -> const PodLife* {
    const auto& pods = history_.pods;
    const auto by_then = std::find_if(pods.rbegin(), pods.rend(), [&](const PodLife& life) { return is_it(life) && (!at || life.created.time <= *at); });
    if (by_then != pods.rend()) return &*by_then;
    const auto found = std::find_if(pods.rbegin(), pods.rend(), is_it);
    return found == pods.rend() ? nullptr : &*found;
  };
  if (const PodLife* pod = last([&](const PodLife& life) { return life.namespace_ == namespace_ && life.name == name; })) return pod;
  return last([&](const PodLife& life) { return identities_.of(life) == name; });
}

const std::vector<std::size_t>& DecisionsOfPods::of(const PodLife& pod) const {
  static const std::vector<std::size_t> kNone;
  const auto found = decisions_.find(&pod);
  return found == decisions_.end() ? kNone : found->second;
}

}  // namespace tandem::judge

#include "core/judge/event_history.hpp"

#include <unordered_map>

namespace tandem::judge {

std::vector<EventLife> events_of(const record::Recording& recording) {
  std::vector<EventLife> events;
  std::unordered_map<std::string, std::size_t> numbers;  // look-up only
  recording.for_each_change([](const record::ObjectChange& change) { return change.kind == cluster::Kind::Event && change.type != cluster::ChangeType::Deleted; },
                            [&](std::size_t i, const record::ObjectChange& change, const cluster::AnyObject& object) {
                              const auto& event = std::get<cluster::Event>(object);
                              const auto [place, inserted] = numbers.try_emplace(event.meta.namespace_ + "/" + event.meta.name, events.size());
                              if (inserted) {
                                events.push_back({event.meta.namespace_, event.type, event.reason, event.involved_kind, event.involved_name, event.message, {}});
                              }
                              events[place->second].states.push_back({{change.time, i}, true, event.count});
                            });
  return events;
}

}  // namespace tandem::judge

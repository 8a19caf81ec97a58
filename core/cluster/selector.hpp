#pragma once

#include "core/base/result.hpp"
#include "core/cluster/objects.hpp"

namespace tandem::cluster {

/// kubernetes-semantics §9: NotIn is true when the key is absent; Gt/Lt need base-10 int64 on both sides.
bool matches(const SelectorRequirement& requirement, const Labels& labels);
bool matches(const LabelSelector& selector, const Labels& labels);
/// Equality selector of a Service: all pairs present.
bool matches(const Labels& selector, const Labels& labels);
/// Node selector term: expressions over labels, fields over metadata.name; an empty term matches nothing.
bool matches(const NodeSelectorTerm& term, const Labels& labels, std::string_view node_name);
/// Text form as in `kubectl -l`: "app=web,tier!=db,env in (a,b),!x,n>5". Errors: ValueBadSelector.
Result<std::vector<SelectorRequirement>> parse_selector(std::string_view text);

}  // namespace tandem::cluster

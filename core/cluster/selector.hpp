#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/cluster/objects.hpp"

namespace tandem::cluster {

/// kubernetes-semantics §9: NotIn is true when the key is absent; Gt/Lt need base-10 int64 on both sides. A requirement that
/// Kubernetes refuses (In without values, Exists with some) matches nothing.
bool matches(const SelectorRequirement& requirement, const Labels& labels);
bool matches(const LabelSelector& selector, const Labels& labels);
/// Equality selector of a Service: all pairs present.
bool matches(const Labels& selector, const Labels& labels);
/// Node selector term: expressions over labels, fields over metadata.name; an empty or invalid term matches nothing.
bool matches(const NodeSelectorTerm& term, const Labels& labels, std::string_view node_name);
/// Effect, key and value as kubernetes-semantics §1.5 has it; an operator that Kubernetes does not know tolerates nothing.
bool tolerates(const Toleration& toleration, const Taint& taint);
/// Text form as in `kubectl -l`: "app=web,tier!=db,env in (a,b),!x,n>5". Sorted by key; `=` and `!=` become In and NotIn of one
/// value. Errors: ValueBadSelector with Kubernetes' own sentence.
Result<std::vector<SelectorRequirement>> parse_selector(std::string_view text);
/// The requirements of a selector, ANDed; all of them true.
bool matches(const std::vector<SelectorRequirement>& requirements, const Labels& labels);

/// As `kubectl get -o wide` prints it: "app=web,env in (a,b),!x"; "<none>" for an empty one.
std::string format_selector(const LabelSelector& selector);

/// What Kubernetes objects to in a selector, in its own words ("values: Invalid value: …"); empty when it is fine.
/// A LabelSelector knows no Gt and Lt; a term's matchFields know metadata.name with one value only. `path` is put in front of
/// the field names where it is not empty.
std::vector<std::string> selector_errors(const LabelSelector& selector);
std::vector<std::string> selector_errors(const NodeSelectorTerm& term, std::string_view path);

}  // namespace tandem::cluster

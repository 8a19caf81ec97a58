#include "core/scenario/check_field.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "core/base/check.hpp"
#include "core/cluster/selector.hpp"

namespace tandem::scenario {
namespace {

constexpr std::array<std::string_view, 7> kSubjectNames{"deployment", "replicaset", "service", "pods", "node", "nodes", "events"};
constexpr std::array<std::string_view, 19> kObservedNames{
    "desired",     "replicas", "updated",       "ready",     "available",     "unavailable", "endpoints", "count", "pending", "running",
    "terminating", "restarts", "unschedulable", "scheduled", "unschedulable", "nominated",   "nodes",     "on",    "used"};
constexpr std::array<std::string_view, 5> kEventAttributeNames{"type", "reason", "kind", "name", "message"};
constexpr std::array<std::string_view, 3> kEventOperators{"!=", "~", "="};

/// Which questions a subject answers: the table of docs/check-language.md.
std::span<const Observed> questions_of(Subject subject) {
  using enum Observed;
  static constexpr Observed kDeployment[] = {Desired, Replicas, Updated, Ready, Available, Unavailable};
  static constexpr Observed kReplicaSet[] = {Desired, Replicas, Ready, Available};
  static constexpr Observed kService[] = {Endpoints};
  static constexpr Observed kPods[] = {Count, Pending, Running, Ready, Terminating, Restarts, Scheduled, PodUnschedulable, Nominated, Nodes, On};
  static constexpr Observed kNode[] = {Ready, Unschedulable, Count};
  static constexpr Observed kNodes[] = {Count, Ready, Unschedulable, Used};
  static constexpr Observed kEvents[] = {Count};
  switch (subject) {
    case Subject::Deployment: return kDeployment;
    case Subject::ReplicaSet: return kReplicaSet;
    case Subject::Service: return kService;
    case Subject::Pods: return kPods;
    case Subject::Node: return kNode;
    case Subject::Nodes: return kNodes;
    case Subject::Events: return kEvents;
  }
  return {};
}

std::string joined(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string nearest = nearest_name(word, candidates);
  return nearest.empty() ? nearest : fmt::format("did you mean {}?", nearest);
}

std::optional<Subject> subject_named(std::string_view name) {
  const auto* const found = std::find(kSubjectNames.begin(), kSubjectNames.end(), name);
  if (found == kSubjectNames.end()) return std::nullopt;
  return static_cast<Subject>(found - kSubjectNames.begin());
}

class FieldParser {
 public:
  explicit FieldParser(CheckCursor& cursor) : cursor_(cursor) {}

  Result<ObjectField> parse() {
    const std::string_view word = cursor_.peek_word();
    const std::string_view kind = word.substr(0, word.find_first_of("/."));
    const auto subject = subject_named(kind);
    if (!subject) {
      return bad_check(cursor_.at, "an unknown kind of object", escape_for_terminal(kind, 60), joined(kSubjectNames), did_you_mean(kind, kSubjectNames));
    }
    field_.subject = *subject;
    Status read = has_brackets(*subject) ? set() : object(word, kind);
    if (!read) return tl::unexpected(std::move(read).error());
    return question();
  }

 private:
  static bool has_brackets(Subject subject) { return subject == Subject::Pods || subject == Subject::Nodes || subject == Subject::Events; }

  /// kind/name.field or kind/namespace/name.field; names may hold dots, so the last dot separates the field.
  Status object(std::string_view word, std::string_view kind) {
    const std::size_t last_dot = word.rfind('.');
    if (kind.size() == word.size() || word[kind.size()] != '/' || last_dot == std::string_view::npos || last_dot < kind.size()) {
      return bad_check(cursor_.at, "not a field of an object", escape_for_terminal(word, 60), "such as deployment/web.available");
    }
    const std::string_view names = word.substr(kind.size() + 1, last_dot - kind.size() - 1);
    const std::size_t slash = names.find('/');
    field_.name = names.substr(slash == std::string_view::npos ? 0 : slash + 1);
    if (slash != std::string_view::npos) field_.namespace_ = names.substr(0, slash);
    if (field_.subject == Subject::Node) {
      if (slash != std::string_view::npos) return bad_check(cursor_.at, "a node has no namespace", std::string(names), "node/NAME.field");
      field_.namespace_.clear();
    }
    const bool namespace_ok = field_.subject == Subject::Node || is_dns_label(field_.namespace_);
    if (!is_dns_subdomain(field_.name) || !namespace_ok) {
      return bad_check(cursor_.at + kind.size() + 1, "not a name of an object", escape_for_terminal(names, 60),
                       "lower-case letters, digits and '-', as in deployment/web.available or deployment/shop/web.available");
    }
    cursor_.at += last_dot + 1;
    return {};
  }

  /// pods(SELECTOR)., nodes(SELECTOR)., events(ATTRIBUTES)., the first and the last also with /NAMESPACE.
  Status set() {
    const std::string name(name_of(field_.subject));
    const std::string example = example_of(field_.subject);
    const std::string_view word = cursor_.peek_word();
    if (word.size() > name.size()) {
      if (field_.subject == Subject::Nodes || word[name.size()] != '/' || !is_dns_label(word.substr(name.size() + 1))) {
        return bad_check(cursor_.at, fmt::format("not a set of {}", name), escape_for_terminal(word, 60),
                         field_.subject == Subject::Nodes ? example : fmt::format("{} or {}/NAMESPACE(…)", example, name));
      }
      field_.namespace_ = word.substr(name.size() + 1);
    }
    if (field_.subject == Subject::Nodes) field_.namespace_.clear();
    cursor_.at += word.size();
    if (cursor_.current() != '(') {
      return bad_check(cursor_.at, field_.subject == Subject::Events ? "events need attributes" : fmt::format("{} need a label selector", name),
                       cursor_.rest_for_message(), example);
    }
    if (field_.subject == Subject::Events) {
      TANDEM_TRY(attributes());
    } else {
      TANDEM_TRY(selector(field_.selector));
    }
    if (cursor_.current() != '.') return bad_check(cursor_.at, "a field is missing behind the bracket", cursor_.rest_for_message(), example);
    ++cursor_.at;
    return {};
  }

  static std::string example_of(Subject subject) {
    if (subject == Subject::Nodes) return "nodes(zone=a).used";
    if (subject == Subject::Events) return "events(reason=FailedScheduling).count";
    return "pods(app=web).ready";
  }

  /// "(SELECTOR)" from its opening bracket to behind its closing one.
  Status selector(cluster::LabelSelector& out) {
    const std::size_t begin = ++cursor_.at;
    std::size_t depth = 1;
    while (!cursor_.at_end()) {
      if (cursor_.current() == '(') ++depth;
      if (cursor_.current() == ')' && --depth == 0) break;
      ++cursor_.at;
    }
    if (cursor_.at_end()) return bad_check(begin - 1, "a bracket is not closed", "", ")");
    const std::string_view text = cursor_.text.substr(begin, cursor_.at - begin);
    auto requirements = cluster::parse_selector(text);
    if (!requirements) {
      return bad_check(begin, "not a label selector: " + requirements.error().what, escape_for_terminal(text, 80), "as for kubectl -l: app=web,tier!=db");
    }
    out.match_expressions = std::move(*requirements);
    ++cursor_.at;
    return {};
  }

  // ------------------------------------------------------------ events

  Status attributes() {
    ++cursor_.at;
    do {
      cursor_.skip_blanks();
      TANDEM_TRY(attribute());
      cursor_.skip_blanks();
    } while (cursor_.take(","));
    if (!cursor_.take(")")) return bad_check(cursor_.at, "the attributes of events are not closed", cursor_.rest_for_message(), ", or )");
    return {};
  }

  Status attribute() {
    EventAttribute attribute;
    const std::string_view word = cursor_.peek_word();
    const auto* const known = std::find(kEventAttributeNames.begin(), kEventAttributeNames.end(), word);
    if (known == kEventAttributeNames.end()) {
      return bad_check(cursor_.at, "an unknown attribute of events", word.empty() ? cursor_.rest_for_message() : escape_for_terminal(word, 60), joined(kEventAttributeNames),
                       did_you_mean(word, kEventAttributeNames));
    }
    attribute.name = static_cast<EventAttribute::Name>(known - kEventAttributeNames.begin());
    cursor_.at += word.size();
    cursor_.skip_blanks();
    const auto* const match = std::find_if(kEventOperators.begin(), kEventOperators.end(), [&](std::string_view op) { return cursor_.take(op); });
    if (match == kEventOperators.end()) return bad_check(cursor_.at, "an attribute of events needs a value", cursor_.rest_for_message(), "=, != or ~ (contains)");
    attribute.match = static_cast<EventAttribute::Match>(match - kEventOperators.begin());
    cursor_.skip_blanks();
    TANDEM_TRY(value(attribute.value));
    field_.attributes.push_back(std::move(attribute));
    return {};
  }

  /// A word, or a text in double quotes in which \" and \\ stand for themselves.
  Status value(std::string& out) {
    const std::size_t begin = cursor_.at;
    if (!cursor_.take("\"")) {
      out = cursor_.peek_word();
      if (out.empty()) return bad_check(begin, "an attribute of events needs a value", cursor_.rest_for_message(), "a word, or a text in double quotes");
      cursor_.at += out.size();
      return {};
    }
    while (!cursor_.at_end() && cursor_.current() != '"') {
      if (cursor_.current() == '\\') ++cursor_.at;
      if (cursor_.at_end()) break;
      out += cursor_.current();
      ++cursor_.at;
    }
    if (!cursor_.take("\"")) return bad_check(begin, "a quoted text is not closed", "", "\"");
    return {};
  }

  // ------------------------------------------------------------ questions

  Result<ObjectField> question() {
    const std::string_view word = cursor_.peek_word();
    std::vector<std::string_view> allowed;
    for (const Observed question : questions_of(field_.subject)) {
      allowed.push_back(name_of(question));
      if (word != allowed.back()) continue;
      field_.field = question;
      cursor_.at += word.size();
      if (question == Observed::On) {
        if (Status read = places(); !read) return tl::unexpected(std::move(read).error());
      }
      return std::move(field_);
    }
    const std::string_view what = name_of(field_.subject);
    return bad_check(cursor_.at, has_brackets(field_.subject) ? fmt::format("an unknown field of {}", what) : fmt::format("an unknown field of a {}", what),
                     escape_for_terminal(word, 60), joined(allowed), did_you_mean(word, allowed));
  }

  /// "(a, b)" or "(nodes(SELECTOR))" behind `on`.
  Status places() {
    constexpr std::string_view kExample = "on(kind-worker4, kind-worker5) or on(nodes(zone=a))";
    if (!cursor_.take("(")) return bad_check(cursor_.at, "on which nodes?", cursor_.rest_for_message(), std::string(kExample));
    cursor_.skip_blanks();
    if (cursor_.text.substr(cursor_.at).starts_with("nodes(")) {
      cursor_.take("nodes");
      field_.node_selector.emplace();
      TANDEM_TRY(selector(*field_.node_selector));
      cursor_.skip_blanks();
    } else {
      do {
        cursor_.skip_blanks();
        const std::string_view name = cursor_.peek_word();
        if (!is_dns_subdomain(name)) return bad_check(cursor_.at, "not a name of a node", name.empty() ? cursor_.rest_for_message() : escape_for_terminal(name, 60), std::string(kExample));
        field_.nodes.emplace_back(name);
        cursor_.at += name.size();
        cursor_.skip_blanks();
      } while (cursor_.take(","));
    }
    if (!cursor_.take(")")) return bad_check(cursor_.at, "a bracket is not closed", cursor_.rest_for_message(), ")");
    return {};
  }

  CheckCursor& cursor_;
  ObjectField field_;
};

/// One value is written as people write it, app=web and tier!=db; Kubernetes' own form is app in (web).
std::string requirement_text(const cluster::SelectorRequirement& requirement) {
  const bool one_value = requirement.values.size() == 1;
  if (one_value && requirement.op == cluster::SelectorOperator::In) return fmt::format("{}={}", requirement.key, requirement.values.front());
  if (one_value && requirement.op == cluster::SelectorOperator::NotIn) return fmt::format("{}!={}", requirement.key, requirement.values.front());
  return cluster::format_selector({.match_labels = {}, .match_expressions = {requirement}});
}

/// In format_selector's order: by key, labels before expressions, expressions as given.
std::string selector_text(const cluster::LabelSelector& selector) {
  std::vector<std::pair<std::string_view, std::string>> parts;
  for (const auto& [key, value] : selector.match_labels) parts.emplace_back(key, fmt::format("{}={}", key, value));
  for (const auto& requirement : selector.match_expressions) parts.emplace_back(requirement.key, requirement_text(requirement));
  std::stable_sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ",") + part.second;
  return text;
}

std::string attributes_text(const std::vector<EventAttribute>& attributes) {
  std::string text;
  for (const EventAttribute& attribute : attributes) {
    std::string quoted;
    for (const char c : attribute.value) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    text += fmt::format("{}{}{}\"{}\"", text.empty() ? "" : ", ", kEventAttributeNames[static_cast<std::size_t>(attribute.name)],
                        kEventOperators[static_cast<std::size_t>(attribute.match)], quoted);
  }
  return text;
}

/// What stands behind the dot: the question, with the nodes of `on`.
std::string question_text(const ObjectField& field) {
  if (field.field != Observed::On) return std::string(name_of(field.field));
  if (field.node_selector) return fmt::format("on(nodes({}))", selector_text(*field.node_selector));
  return fmt::format("on({})", fmt::join(field.nodes, ", "));
}

}  // namespace

std::string_view name_of(Subject subject) { return kSubjectNames[static_cast<std::size_t>(subject)]; }
std::string_view name_of(Observed observed) { return kObservedNames[static_cast<std::size_t>(observed)]; }

std::string to_string(const ObjectField& field) {
  const std::string where = field.namespace_.empty() || field.namespace_ == "default" ? "" : field.namespace_;
  const std::string question = question_text(field);
  switch (field.subject) {
    case Subject::Pods: return fmt::format("pods{}{}({}).{}", where.empty() ? "" : "/", where, selector_text(field.selector), question);
    case Subject::Nodes: return fmt::format("nodes({}).{}", selector_text(field.selector), question);
    case Subject::Events: return fmt::format("events{}{}({}).{}", where.empty() ? "" : "/", where, attributes_text(field.attributes), question);
    default: return fmt::format("{}/{}{}{}.{}", name_of(field.subject), where, where.empty() ? "" : "/", field.name, question);
  }
}

bool is_yes_or_no(const ObjectField& field) { return field.subject == Subject::Node && field.field != Observed::Count; }

bool has_whole(const ObjectField& field) {
  return field.subject == Subject::Deployment || field.subject == Subject::ReplicaSet || field.subject == Subject::Pods || field.subject == Subject::Nodes;
}

ObjectField whole_of(const ObjectField& field) {
  CHECK(has_whole(field), "a percentage of " + to_string(field));
  ObjectField whole = field;
  const bool set = field.subject == Subject::Pods || field.subject == Subject::Nodes;
  whole.field = set ? Observed::Count : Observed::Desired;
  whole.nodes.clear();
  whole.node_selector.reset();
  return whole;
}

Result<ObjectField> parse_field(CheckCursor& cursor) { return FieldParser(cursor).parse(); }

}  // namespace tandem::scenario

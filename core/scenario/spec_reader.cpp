// Images, registry, balancers, traffic and checks.

#include "core/scenario/spec_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/balance/registry.hpp"
#include "core/base/parse.hpp"
#include "core/scenario/check_expression.hpp"
#include "core/scenario/notations.hpp"
#include "core/scenario/scenario_tables.hpp"

namespace tandem::scenario {
namespace {

RouteSpec read_route(const std::string& pattern, const ObjectView& view) {
  RouteSpec route;
  route.pattern = pattern;
  route.cpu = view.duration("cpu");
  route.wait = view.duration("wait");
  route.exponential = view.boolean("exponential");
  route.status = static_cast<std::int32_t>(view.integer("status"));
  route.content_type = view.text("contentType");
  route.body = view.text("body");
  route.response_bytes = view.bytes("responseBytes");
  return route;
}

OnTerminate read_on_terminate(const std::string& word) {
  if (word == "abort") return OnTerminate::Abort;
  return word == "ignore" ? OnTerminate::Ignore : OnTerminate::Finish;
}

FailureSpec read_failure(const ObjectView& view) {
  FailureSpec failure;
  failure.pattern = view.text("path");
  failure.from = view.duration("from");
  if (view.has("until")) failure.until = view.duration("until");
  failure.status = static_cast<std::int32_t>(view.integer("status"));
  failure.hang = view.boolean("hang");
  return failure;
}

void read_behaviour(ImageSpec& image, const ObjectView& view) {
  if (view.has("exit")) {
    const ObjectView exit = view.object("exit");
    image.exit = ExitSpec{exit.duration("after"), static_cast<std::int32_t>(exit.integer("code")), exit.has("times") ? exit.integer("times") : 0};
  }
  if (view.has("memory")) {
    const ObjectView memory = view.object("memory");
    image.memory = MemorySpec{memory.bytes("start"), memory.growth("growth"), memory.bytes("peak")};
  }
  for (const ObjectView& failure : view.objects("failures")) image.failures.push_back(read_failure(failure));
}

ImageSpec read_image(const std::string& reference, const ObjectView& view) {
  ImageSpec image;
  image.reference = reference;
  image.size_bytes = view.bytes("size");
  image.pullable = view.boolean("pullable");
  image.preloaded = image.pullable && view.boolean("preloaded");
  image.startup = view.duration("startup");
  image.workers = static_cast<int>(view.integer("workers"));
  image.backlog = static_cast<int>(view.integer("backlog"));
  image.discipline = view.text("discipline") == "shared" ? Discipline::Shared : Discipline::Fifo;
  image.on_terminate = read_on_terminate(view.text("onTerminate"));
  image.drain = view.duration("drain");
  for (const auto& [pattern, route] : view.object_map("routes")) image.routes.push_back(read_route(pattern, route));
  read_behaviour(image, view);
  return image;
}

/// What the fields of an image cannot say together.
void check_image(const ImageSpec& image, const ObjectView& view, const ObjectView& spec, Diagnostics& diagnostics) {
  if (!image.pullable && view.has("preloaded") && view.boolean("preloaded")) {
    report_field(diagnostics, view, "pullable", ErrorCode::ValueConflict, "an image that is on every node, and that nobody has", "pullable: false beside preloaded: true",
                 "one of them", "leave preloaded out");
  } else if (image.pullable && !image.preloaded && !spec.has("registry")) {
    report_field(diagnostics, view, "preloaded", ErrorCode::ValueConflict, "an image that is not preloaded comes from a registry, and there is none", "preloaded: false",
                 "spec.registry, or preloaded: true", "add registry: {} to the spec");
  }
  if (image.memory && image.memory->start_bytes > image.memory->peak_bytes) {
    report_field(diagnostics, view.object("memory"), "start", ErrorCode::ValueConflict, "a process cannot start with more than it ever holds",
                 view.object("memory").text("start"), fmt::format("at most the peak, {} bytes", image.memory->peak_bytes), "raise peak");
  }
  const std::vector<ObjectView> failures = view.objects("failures");
  for (std::size_t i = 0; i < failures.size(); ++i) {
    const FailureSpec& failure = image.failures[i];
    if (!failure.until || failure.from < *failure.until) continue;
    report_field(diagnostics, failures[i], "from", ErrorCode::ScenarioTimeOrder, "the failure starts at or after its end", to_string(failure.from),
                 fmt::format("before {}", to_string(*failure.until)));
  }
}

balance::BalancerSpec read_balancer(const ObjectView& view) {
  balance::BalancerSpec balancer;
  balancer.product = view.text("product");
  balancer.policy = view.text("policy");
  if (view.has("service")) {
    if (const auto service = parse_service_reference(view.text("service"))) balancer.service = short_name(service->namespace_, service->name);
  }
  balancer.instances = static_cast<int>(view.integer("instances"));
  balancer.workers = static_cast<int>(view.integer("workers"));
  balancer.connect_timeout = view.duration("connectTimeout");
  balancer.read_timeout = view.duration("readTimeout");
  balancer.max_fails = static_cast<int>(view.integer("maxFails"));
  balancer.fail_timeout = view.duration("failTimeout");
  return balancer;
}

void check_policy(const ObjectView& view, const balance::BalancerSpec& balancer, Diagnostics& diagnostics) {
  const std::vector<std::string_view> policies = balance::policies_of(balancer.product);
  if (std::find(policies.begin(), policies.end(), balancer.policy) != policies.end()) return;
  std::string allowed;
  for (const std::string_view policy : policies) allowed += (allowed.empty() ? "" : ", ") + std::string(policy);
  report_field(diagnostics, view, "policy", ErrorCode::ValueNotAllowed, fmt::format("{} has no such policy", balancer.product), balancer.policy, allowed);
}

TrafficSpec read_source(const ObjectView& view, SimDuration horizon) {
  TrafficSpec source;
  source.name = view.text("name");
  const auto service = parse_service_reference(view.text("to"));
  if (service) {
    source.service = service->name;
    source.namespace_ = service->namespace_;
  }
  source.route = view.text("route");
  source.method = view.text("method");
  const ObjectView arrivals = view.object("arrivals");
  source.arrivals = arrivals.has("constant") ? ArrivalKind::Constant : ArrivalKind::Poisson;
  source.rate = arrivals.rate(arrivals.has("constant") ? "constant" : "poisson");
  source.from = view.duration("from");
  source.until = view.has("until") ? view.duration("until") : horizon;
  source.timeout = view.duration("timeout");
  source.keep_alive = view.boolean("keepAlive");
  const ObjectView expect = view.object("expect");
  for (const Node* status : expect.nodes("status")) source.expect_status.push_back(static_cast<int>(parse_int(status->text).value_or(0)));
  return source;
}

std::string check_kind(const ObjectView& view) {
  for (const std::string_view kind : {"always", "eventually", "never", "metric"}) {
    if (view.has(kind)) return std::string(kind);
  }
  return {};
}

/// A threshold can only be read beside its metric, so the table leaves it alone.
void check_threshold(const ObjectView& view, const CheckSpec& check, Diagnostics& diagnostics) {
  if (check.kind != "metric") return;
  const auto metric = parse_metric(check.expression);
  if (!metric) return;
  if (const auto threshold = parse_threshold(check.threshold, *metric); !threshold) {
    Error error = threshold.error();
    error.place = place_in(*view.node("threshold"), error.place.column - 1);
    error.path = view.path_of("threshold");
    diagnostics.error(std::move(error));
  }
}

}  // namespace

std::string short_name(std::string_view namespace_, std::string_view name) {
  return namespace_ == "default" ? std::string(name) : fmt::format("{}/{}", namespace_, name);
}

std::map<std::string, ImageSpec> read_images(const ObjectView& spec, const IsClean& is_clean, Diagnostics& diagnostics) {
  std::map<std::string, ImageSpec> images;
  for (const auto& [reference, view] : spec.object_map("images")) {
    ImageSpec& image = images[reference] = is_clean(view.path()) ? read_image(reference, view) : ImageSpec{};
    if (is_clean(view.path())) check_image(image, view, spec, diagnostics);
  }
  return images;
}

std::optional<RegistrySpec> read_registry(const ObjectView& spec, const IsClean& is_clean) {
  if (!spec.has("registry") || !is_clean(spec.path_of("registry"))) return std::nullopt;
  const ObjectView view = spec.object("registry");
  return RegistrySpec{view.bandwidth("bandwidth"), view.duration("latency"), view.duration("overhead")};
}

std::vector<Read<TrafficSpec>> read_traffic(const ObjectView& spec, SimDuration horizon, const IsClean& is_clean, Diagnostics& diagnostics) {
  std::vector<Read<TrafficSpec>> sources;
  std::set<std::string> names;
  for (const ObjectView& view : spec.objects("traffic")) {
    if (!is_clean(view.path())) continue;
    TrafficSpec source = read_source(view, horizon);
    if (!names.insert(source.name).second) {
      report_field(diagnostics, view, "name", ErrorCode::ValueDuplicateName, "two traffic sources have the same name", source.name, "a name of its own for each source");
    }
    const bool horizon_known = horizon.ns > 0;
    if (horizon_known && source.until > horizon) {
      report_field(diagnostics, view, "until", ErrorCode::ScenarioTimeOrder, "the traffic ends after the run", to_string(source.until), fmt::format("at most the horizon, {}", to_string(horizon)));
    } else if (horizon_known && source.from >= source.until) {
      report_field(diagnostics, view, "from", ErrorCode::ScenarioTimeOrder, "the traffic starts at or after its end", to_string(source.from), fmt::format("before {}", to_string(source.until)));
    }
    sources.push_back({std::move(source), view});
  }
  return sources;
}

std::vector<balance::BalancerSpec> read_balancers(const ObjectView& spec, const std::vector<Read<TrafficSpec>>& traffic, const IsClean& is_clean,
                                                  Diagnostics& diagnostics) {
  std::map<std::string, balance::BalancerSpec> written;  // by service; "" stands for every other one
  std::map<std::string, ObjectView> views;
  for (const ObjectView& view : spec.objects("balancer")) {
    if (!is_clean(view.path())) continue;
    const balance::BalancerSpec balancer = read_balancer(view);
    check_policy(view, balancer, diagnostics);
    if (!written.emplace(balancer.service, balancer).second) {
      report_field(diagnostics, view, balancer.service.empty() ? "product" : "service", ErrorCode::ValueDuplicateName, "two balancers stand before the same Service",
             balancer.service.empty() ? "every Service" : balancer.service, "one balancer for each Service", "use instances to run several of one kind");
    }
    views.emplace(balancer.service, view);
  }
  std::vector<balance::BalancerSpec> balancers;
  std::set<std::string> used;
  for (const Read<TrafficSpec>& source : traffic) {
    const std::string service = short_name(source.value.namespace_, source.value.service);
    if (!used.insert(service).second) continue;
    const auto own = written.find(service);
    const auto general = written.find("");
    balance::BalancerSpec balancer = own != written.end() ? own->second : general != written.end() ? general->second : balance::BalancerSpec{};
    balancer.service = service;
    balancers.push_back(std::move(balancer));
  }
  for (const auto& [service, view] : views) {
    if (service.empty() || used.contains(service)) continue;
    Error warning = make_error(ErrorCode::ScenarioUnknownReference, "a balancer before a Service that no traffic goes to is not made", view.place("service"));
    warning.path = view.path_of("service");
    diagnostics.warning(std::move(warning));
  }
  return balancers;
}

std::vector<Read<CheckSpec>> read_checks(const ObjectView& spec, const IsClean& is_clean, Diagnostics& diagnostics) {
  std::vector<Read<CheckSpec>> checks;
  std::set<std::string> names;
  for (const ObjectView& view : spec.objects("checks")) {
    if (!is_clean(view.path())) continue;
    CheckSpec check;
    check.name = view.text("name");
    check.kind = check_kind(view);
    check.expression = view.text(check.kind);
    check.threshold = view.text("threshold");
    check.from = view.text("from");
    check.until = view.text("until");
    if (view.has("within")) check.within = view.duration("within");
    check.points = view.number("points");
    check.place = view.place();
    if (!names.insert(check.name).second) {
      report_field(diagnostics, view, "name", ErrorCode::ValueDuplicateName, "two checks have the same name", check.name, "a name of its own for each check");
    }
    check_threshold(view, check, diagnostics);
    checks.push_back({std::move(check), view});
  }
  return checks;
}

}  // namespace tandem::scenario

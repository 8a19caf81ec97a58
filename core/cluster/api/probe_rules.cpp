// Probes and lifecycle hooks.

#include <fmt/format.h>

#include "core/cluster/api/rules.hpp"

namespace tandem::cluster::api {

namespace {

void check_http(FieldErrors& errors, const View& http, const FieldPath& path) {
  if (http["path"].text().empty()) errors.required(path / "path");
  check_port_number_or_name(errors, http["port"], path / "port");
  check_one_of(errors, http["scheme"], {"HTTP", "HTTPS"}, path / "scheme");
  for (const View& header : http["httpHeaders"].items()) errors.invalid_each(path / "httpHeaders", header["name"].text(), http_header_errors(header["name"].text()));
}

void check_sleep(FieldErrors& errors, const View& sleep, const View& grace, const FieldPath& path) {
  const std::int64_t seconds = sleep["seconds"].number();
  if (grace.present() && (seconds < 0 || seconds > grace.number())) {
    errors.invalid(path, seconds, fmt::format("must be non-negative and less than terminationGracePeriodSeconds ({})", grace.number()));
  }
}

/// `kinds`: the actions that this place knows, in Kubernetes' order.
void check_handler(FieldErrors& errors, const View& handler, std::initializer_list<std::string_view> kinds, const View& grace, const FieldPath& path) {
  bool found = false;
  for (const std::string_view kind : kinds) {
    if (!handler.has(kind)) continue;
    const FieldPath at = path / kind;
    const View action = handler[kind];
    if (found) {
      errors.forbidden(at, "may not specify more than 1 handler type");
      continue;
    }
    found = true;
    if (kind == "exec" && action["command"].empty()) errors.required(at / "command");
    if (kind == "httpGet") check_http(errors, action, at);
    if (kind == "tcpSocket") check_port_number_or_name(errors, action["port"], at / "port");
    if (kind == "grpc") errors.invalid_each(at / "port", action["port"].number(), port_number_errors(action["port"].number()));
    if (kind == "sleep") check_sleep(errors, action, grace, at);
  }
  if (!found) errors.required(path, "must specify a handler type");
}

}  // namespace

void check_probe(FieldErrors& errors, const View& probe, ProbeUse use, const View& grace_period, const FieldPath& path) {
  if (!probe.present()) return;
  check_handler(errors, probe, {"exec", "httpGet", "tcpSocket", "grpc"}, grace_period, path);
  for (const char* field : {"initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"}) {
    check_not_negative(errors, probe[field], path / field);
  }
  const View grace = probe["terminationGracePeriodSeconds"];
  if (grace.present() && grace.number() <= 0) errors.invalid(path / "terminationGracePeriodSeconds", grace.number(), "must be greater than 0");
  if (use == ProbeUse::Readiness) {
    if (grace.present()) errors.invalid(path / "terminationGracePeriodSeconds", grace.number(), "must not be set for readinessProbes");
  } else if (probe["successThreshold"].number() != 1) {
    errors.invalid(path / "successThreshold", probe["successThreshold"].number(), "must be 1");
  }
}

void check_lifecycle(FieldErrors& errors, const View& lifecycle, const View& grace_period, const FieldPath& path) {
  for (const char* hook : {"postStart", "preStop"}) {
    if (lifecycle.has(hook)) check_handler(errors, lifecycle[hook], {"exec", "httpGet", "tcpSocket", "sleep"}, grace_period, path / hook);
  }
}

}  // namespace tandem::cluster::api

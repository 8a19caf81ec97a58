#include "real/docker/nginx_config.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "docker/protocol/traffic_plan.hpp"

namespace tandem::docker {

namespace {

std::string milliseconds_of(SimDuration duration) { return fmt::format("{}ms", std::max<std::int64_t>(1, duration.ns / 1'000'000)); }

std::string upstream(const balance::BalancerSpec& spec, const std::vector<balance::Backend>& backends) {
  // The zone makes all workers share one balancing state, as one balancer should.
  std::string text = "  upstream backends {\n    zone backends 1m;\n";
  if (spec.policy != "round_robin") text += fmt::format("    {};\n", spec.policy);
  // nginx's clock has whole seconds; less than one would mean "never disabled".
  const std::int64_t fail_seconds = std::max<std::int64_t>(1, spec.fail_timeout.ns / 1'000'000'000);
  for (const balance::Backend& backend : backends) {
    text += fmt::format("    server {}:{} weight={} max_fails={} fail_timeout={}s;\n", backend.address, backend.port, backend.weight,
                        spec.max_fails, fail_seconds);
  }
  return text + "  }\n";
}

std::string proxy_location(const balance::BalancerSpec& spec) {
  // HTTP/1.0 and one connection per request to the upstream: nginx's default.
  std::string text = "    location / {\n      proxy_pass http://backends;\n";
  text += fmt::format("      proxy_connect_timeout {};\n", milliseconds_of(spec.connect_timeout));
  text += fmt::format("      proxy_send_timeout {0};\n      proxy_read_timeout {0};\n", milliseconds_of(spec.read_timeout));
  text += "      proxy_set_header Host $http_host;\n      proxy_set_header X-Forwarded-For $remote_addr;\n";
  text += fmt::format("      add_header {} \"$upstream_addr\" always;\n    }}\n", container::kUpstreamHeader);
  return text;
}

}  // namespace

std::string nginx_config(const balance::BalancerSpec& spec, const std::vector<balance::Backend>& backends, std::uint64_t generation) {
  std::string text = fmt::format(
      "# Generation {}. Written by Tandem.\n"
      "worker_processes {};\npid /run/nginx.pid;\nerror_log stderr crit;\n"
      "events {{\n  worker_connections 8192;\n}}\n"
      "http {{\n  access_log off;\n",
      generation, spec.workers);
  if (!backends.empty()) text += upstream(spec, backends);
  text += fmt::format("  server {{\n    listen {} backlog=4096;\n", kBalancerPort);
  text += backends.empty() ? "    location / {\n      return 502;\n    }\n" : proxy_location(spec);
  text += fmt::format("  }}\n  server {{\n    listen {};\n    keepalive_timeout 0;\n    location = {} {{\n      return 200 \"{}\";\n    }}\n  }}\n}}\n",
                      kBalancerControlPort, kGenerationPath, generation);
  return text;
}

}  // namespace tandem::docker

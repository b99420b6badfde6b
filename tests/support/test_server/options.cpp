#include "options.hpp"

#include <sstream>
#include <string>

namespace test_server {

duplex::ServerOptions server_options(const Knobs& knobs) {
  duplex::ServerOptions options{.threads = 1};
  knobs.set("threads", options.threads);
  knobs.set("handshake-ms", options.time_limits.handshake_ms_max);
  knobs.set("head-ms", options.time_limits.head_ms_max);
  knobs.set("body-ms", options.time_limits.body_progress_ms_max);
  knobs.set("idle-ms", options.time_limits.idle_ms_max);
  knobs.set("stalled-write-ms", options.time_limits.stalled_write_ms_max);
  knobs.set("head-bytes", options.limits.head_bytes_max);
  knobs.set("body-bytes", options.limits.body_bytes_max);
  knobs.set("connections-max", options.connections_max);
  if (knobs.has("per-address"))
    options.connections_per_address_max = std::stoull(knobs.text("per-address"));
  return options;
}

duplex::WebSocketOptions websocket_options(const Knobs& knobs) {
  duplex::WebSocketOptions options;
  knobs.set("message-bytes", options.message_bytes_max);
  knobs.set("outbox-bytes", options.outbox_bytes_max);
  knobs.set("backlog-bytes", options.backlog_bytes);
  knobs.set("heartbeat-ms", options.heartbeat_ms);
  knobs.set("heartbeat-answer-ms", options.heartbeat_answer_ms_max);
  knobs.set("close-ms", options.close_ms_max);
  if (knobs.text("slow") == "drop") options.slow_consumer = duplex::SlowConsumer::drop_newest;
  if (knobs.has("origin")) options.origins = {knobs.text("origin")};
  return options;
}

duplex::tls::ServerOptions tls_options(const Knobs& knobs) {
  duplex::tls::ServerOptions options;
  std::istringstream certificates(knobs.text("tls-cert"));
  std::istringstream keys(knobs.text("tls-key"));
  for (std::string certificate, key; std::getline(certificates, certificate, ',');) {
    std::getline(keys, key, ',');
    options.more.push_back({.certificate = certificate, .key = key});
  }
  options.certificate = options.more.front().certificate;
  options.key = options.more.front().key;
  options.more.erase(options.more.begin());
  options.client_ca = knobs.text("tls-client-ca");
  if (knobs.text("tls-client-cert") == "optional") {
    options.client_certificates = duplex::tls::ClientCertificates::optional;
  }
  if (knobs.text("tls-watch") == "no") options.watch_files = false;
  if (knobs.text("tls-min") == "1.3") options.version_min = duplex::tls::Version::tls_1_3;
  return options;
}

}  // namespace test_server

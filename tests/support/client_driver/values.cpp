#include "values.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <duplex/base/task.hpp>
#include <duplex/client/content.hpp>
#include <duplex/client/cookie_jar.hpp>
#include <duplex/http/authorization.hpp>
#include <duplex/http/method.hpp>

namespace client_driver {

namespace client = duplex::client;
using duplex::Task;

std::string to_text(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char character : bytes) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x80) {
      text.push_back(character);
    } else {
      text.push_back(static_cast<char>(0xC0U | byte >> 6U));
      text.push_back(static_cast<char>(0x80U | (byte & 0x3FU)));
    }
  }
  return text;
}

std::string to_bytes(const json& text) {
  const auto& coded = text.get_ref<const std::string&>();
  std::string bytes;
  bytes.reserve(coded.size());
  for (std::size_t at = 0; at < coded.size(); ++at) {
    const auto lead = static_cast<unsigned char>(coded[at]);
    if (lead < 0x80) {
      bytes.push_back(coded[at]);
    } else {
      if (lead > 0xC3) throw std::invalid_argument("a character above U+00FF stands for no byte");
      const auto low = static_cast<unsigned char>(coded.at(++at));
      bytes.push_back(static_cast<char>((lead & 0x03U) << 6U | (low & 0x3FU)));
    }
  }
  return bytes;
}

namespace {

void set_fields(const json& value, duplex::http::Fields& fields) {
  if (const auto found = value.find("fields"); found != value.end()) {
    for (const auto& [name, text] : found->get<std::vector<std::pair<std::string, json>>>()) {
      fields.add(name, to_bytes(text));
    }
  }
  if (const auto found = value.find("basic"); found != value.end()) {
    fields.add("Authorization", duplex::http::basic_authorization(found->at(0).get<std::string>(),
                                                                  found->at(1).get<std::string>()));
  }
  if (const auto found = value.find("bearer"); found != value.end()) {
    fields.add("Authorization", duplex::http::bearer_authorization(found->get<std::string>()));
  }
}

/// `{"bytes": 100000, "announced": 100000, "fails": true}`: what a coroutine writes in pieces,
/// after which it may throw.
client::Content streamed(const json& value) {
  const auto bytes = value.at("bytes").get<std::uint64_t>();
  const bool fails = value.value("fails", false);
  std::optional<std::uint64_t> announced;
  if (value.contains("announced")) announced = value.at("announced").get<std::uint64_t>();
  auto write = [bytes, fails](client::ContentWriter& writer) -> Task<> {
    const std::string piece(10'000, 's');
    for (std::uint64_t left = bytes; left > 0;) {
      const std::string_view next = std::string_view(piece).substr(0, left);
      co_await writer.write(next);
      left -= next.size();
    }
    if (fails) throw std::runtime_error("the content could not be made");
  };
  return client::Content::stream("text/plain", write, announced);
}

client::Content content(const json& value) {
  if (value.contains("text")) return {value.at("text").get<std::string>()};
  if (value.contains("json")) return client::Content::json(value.at("json").get<std::string>());
  if (value.contains("bytes")) return client::Content::bytes(to_bytes(value.at("bytes")));
  if (value.contains("file")) {
    return client::Content::file(value.at("file").get<std::string>(),
                                 value.value("media_type", ""));
  }
  if (value.contains("form")) {
    std::vector<duplex::http::FormEntry> entries;
    for (const auto& entry : value.at("form")) {
      entries.push_back({entry.at(0).get<std::string>(), entry.at(1).get<std::string>()});
    }
    return client::Content::form(entries);
  }
  return streamed(value.at("streamed"));
}

void set_time_limits(const json& value, client::TimeLimits& limits) {
  set(value, "resolve", limits.resolve_ms_max);
  set(value, "connect", limits.connect_ms_max);
  set(value, "connect_attempt", limits.connect_attempt_ms_max);
  set(value, "next_address", limits.next_address_ms);
  set(value, "proxy", limits.proxy_ms_max);
  set(value, "handshake", limits.handshake_ms_max);
  set(value, "head", limits.head_ms_max);
  set(value, "progress", limits.progress_ms_max);
  set(value, "stalled_write", limits.stalled_write_ms_max);
  set(value, "continue", limits.continue_ms_max);
  set(value, "call", limits.call_ms_max);
}

void set_tls(const json& value, duplex::tls::ClientOptions& options) {
  set(value, "ca", options.ca);
  set(value, "ca_beside_system", options.ca_beside_system);
  set(value, "pins", options.pins);
  set(value, "certificate", options.credential.certificate);
  set(value, "key", options.credential.key);
  if (value.value("only_1_3", false)) options.version_min = duplex::tls::Version::tls_1_3;
  set(value, "dangerously_skip_verification", options.dangerously_skip_verification);
}

json seconds(std::chrono::sys_seconds time) {
  return time.time_since_epoch().count();
}

}  // namespace

client::ClientOptions client_options(const json& value) {
  client::ClientOptions options;
  if (value.contains("time_limits_ms")) {
    set_time_limits(value.at("time_limits_ms"), options.time_limits);
  }
  if (value.contains("pool")) {
    const json& pool = value.at("pool");
    set(pool, "connections_per_origin_max", options.pool.connections_per_origin_max);
    set(pool, "waiting_per_origin_max", options.pool.waiting_per_origin_max);
    set(pool, "idle_max", options.pool.idle_max);
    set(pool, "idle_ms_max", options.pool.idle_ms_max);
  }
  if (value.contains("response_limits")) {
    const json& limits = value.at("response_limits");
    set(limits, "head_bytes_max", options.response_limits.head_bytes_max);
    set(limits, "field_count_max", options.response_limits.field_count_max);
    set(limits, "interim_count_max", options.response_limits.interim_count_max);
    set(limits, "chunk_extension_bytes_max", options.response_limits.chunk_extension_bytes_max);
  }
  set(value, "body_bytes_max", options.body_bytes_max);
  if (value.contains("tls")) set_tls(value.at("tls"), options.tls);
  set(value, "proxy", options.proxy.url);
  set(value, "no_proxy", options.proxy.no_proxy);
  set(value, "proxy_from_environment", options.proxy.from_environment);
  if (value.value("cookies", false)) options.cookies = std::make_shared<client::CookieJar>();
  set(value, "user_agent", options.user_agent);
  set_fields(value, options.fields);
  set(value, "name_servers", options.name_servers);
  return options;
}

client::Request request(const json& value) {
  const auto method = duplex::http::parse_method(value.value("method", "GET"));
  if (!method) throw std::invalid_argument("no such method");
  client::Request request(*method, value.at("url").get<std::string>());
  if (value.contains("content")) request.content = content(value.at("content"));
  set_fields(value, request.fields);
  set(value, "redirects_max", request.redirects_max);
  set(value, "allow_downgrade", request.allow_downgrade);
  set(value, "expect_continue", request.expect_continue);
  set(value, "decode", request.decode);
  if (value.contains("body_bytes_max")) {
    request.body_bytes_max = value.at("body_bytes_max").get<std::uint64_t>();
  }
  set(value, "unix_path", request.unix_path);
  return request;
}

client::WebSocketRequest websocket_request(const json& value) {
  client::WebSocketRequest request(value.at("url").get<std::string>());
  set(value, "subprotocols", request.offer.subprotocols);
  set(value, "origin", request.offer.origin);
  if (value.contains("deflate")) {
    const json& told = value.at("deflate");
    duplex::websocket::DeflateOptions& deflate = request.offer.deflate.emplace();
    set(told, "send_window_bits_max", deflate.send_window_bits_max);
    set(told, "receive_window_bits_max", deflate.receive_window_bits_max);
    set(told, "keep_send_window", deflate.keep_send_window);
    set(told, "keep_receive_window", deflate.keep_receive_window);
    set(told, "let_server_limit_window", deflate.let_server_limit_window);
  }
  set_fields(value, request.offer.fields);
  set(value, "redirects_max", request.redirects_max);
  set(value, "allow_downgrade", request.allow_downgrade);
  set(value, "unix_path", request.unix_path);
  if (value.contains("limits")) {
    const json& limits = value.at("limits");
    set(limits, "message_bytes_max", request.limits.message_bytes_max);
    set(limits, "outbox_bytes_max", request.limits.outbox_bytes_max);
    set(limits, "backlog_bytes", request.limits.backlog_bytes);
    set(limits, "heartbeat_ms", request.limits.heartbeat_ms);
    set(limits, "heartbeat_answer_ms_max", request.limits.heartbeat_answer_ms_max);
    set(limits, "close_ms_max", request.limits.close_ms_max);
    set(limits, "deliver_chunks", request.limits.deliver_chunks);
  }
  return request;
}

json report(const client::Error& error) {
  json told = {{"step", name(error.step)},
               {"category", error.code.category().name()},
               {"value", error.code.value()},
               {"code_message", error.code.message()},
               {"peer", to_text(error.peer)},
               {"reason", to_text(error.reason)},
               {"message", to_text(error.message())},
               {"timed_out", error.timed_out()},
               {"cancelled", error.cancelled()}};
  if (error.response) told["response"] = report(*error.response);
  return told;
}

json report(const duplex::http::Fields& fields) {
  json lines = json::array();
  for (const auto line : fields) {
    lines.push_back({to_text(line.name), to_text(line.value)});
  }
  return lines;
}

json report(const client::ResponseHead& head) {
  json fields = json::array();
  for (const auto& line : head.fields()) {
    fields.push_back({to_text(line.name), to_text(line.value)});
  }
  json told = {{"status", static_cast<unsigned>(head.status())},
               {"version", head.version() == duplex::http::Version::http_1_1 ? "1.1" : "1.0"},
               {"reason", to_text(head.reason())},
               {"fields", std::move(fields)},
               {"request_head", to_text(head.request_head())},
               {"raw", to_text(head.raw())},
               {"url", to_text(head.url())},
               {"redirects", head.redirects()},
               {"peer", to_text(head.peer())},
               {"reused", head.connection_reused()},
               {"secure", head.secure()}};
  if (const auto info = head.tls()) told["tls"] = report(*info);
  return told;
}

json report(const client::Response& response) {
  json told = report(static_cast<const client::ResponseHead&>(response));
  told["content"] = to_text(response.text());
  told["trailers"] = report(response.trailers());
  return told;
}

json report(const client::ClientStatistics& statistics) {
  return {{"requests", statistics.requests},
          {"connections_opened", statistics.connections_opened},
          {"connections_open", statistics.connections_open},
          {"connections_idle", statistics.connections_idle},
          {"connections_reused", statistics.connections_reused},
          {"tls_handshakes", statistics.tls_handshakes},
          {"tls_resumptions", statistics.tls_resumptions}};
}

json report(const duplex::tls::SessionInfo& info) {
  json told = {{"protocol", info.protocol},
               {"cipher", info.cipher},
               {"application_protocol", info.application_protocol},
               {"server_name", info.server_name},
               {"resumed", info.resumed}};
  if (const duplex::tls::Certificate* const peer = info.peer_certificate) {
    told["certificate"] = {{"subject", to_text(peer->subject)},
                           {"issuer", to_text(peer->issuer)},
                           {"fingerprint", peer->fingerprint},
                           {"not_after", seconds(peer->not_after)}};
  }
  return told;
}

json report(duplex::connection::Message message) {
  return {{message.is_text() ? "text" : "binary", to_text(message.text())}};
}

json report_close(std::uint16_t code, std::string_view reason) {
  return {{"closed", {{"code", code}, {"reason", to_text(reason)}}}};
}

json report(const duplex::connection::CloseInfo& info) {
  return report_close(static_cast<std::uint16_t>(info.code), info.reason);
}

const char* name(duplex::connection::SendStatus status) {
  switch (status) {
    case duplex::connection::SendStatus::accepted: return "accepted";
    case duplex::connection::SendStatus::backlogged: return "backlogged";
    case duplex::connection::SendStatus::dropped: return "dropped";
    case duplex::connection::SendStatus::closed: return "closed";
  }
  return "";
}

void Crc32::add(std::string_view piece) noexcept {
  static const auto table = [] {
    std::array<std::uint32_t, 256> made{};
    for (std::uint32_t index = 0; index < made.size(); ++index) {
      std::uint32_t value = index;
      for (int bit = 0; bit < 8; ++bit) value = value >> 1U ^ (0xEDB88320U & (0 - (value & 1U)));
      made[index] = value;
    }
    return made;
  }();
  for (const char character : piece) {
    state_ = state_ >> 8U ^ table[(state_ ^ static_cast<unsigned char>(character)) & 0xFFU];
  }
}

}  // namespace client_driver

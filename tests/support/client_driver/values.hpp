#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include <duplex/client/client.hpp>
#include <duplex/client/error.hpp>
#include <duplex/client/options.hpp>
#include <duplex/client/request.hpp>
#include <duplex/client/response.hpp>
#include <duplex/client/websocket_request.hpp>
#include <duplex/connection/close_info.hpp>
#include <duplex/connection/message.hpp>
#include <duplex/connection/websocket.hpp>

/// The library's values as JSON, and back.
namespace client_driver {

using nlohmann::json;

/// Bytes as text whose characters are U+0000 to U+00FF, and back: what Python calls latin-1.
std::string to_text(std::string_view bytes);
std::string to_bytes(const json& text);

/// `target = value[name]`, if there is one.
template <class T>
void set(const json& value, const char* name, T& target) {
  if (const auto found = value.find(name); found != value.end()) found->get_to(target);
}

duplex::client::ClientOptions client_options(const json& value);
duplex::client::Request request(const json& value);
duplex::client::WebSocketRequest websocket_request(const json& value);

json report(const duplex::client::Error& error);
json report(const duplex::client::ResponseHead& head);
json report(const duplex::client::Response& response);
json report(const duplex::client::ClientStatistics& statistics);
json report(const duplex::tls::SessionInfo& info);
json report(const duplex::http::Fields& fields);
json report(duplex::connection::Message message);
json report_close(std::uint16_t code, std::string_view reason);
json report(const duplex::connection::CloseInfo& info);
const char* name(duplex::connection::SendStatus status);

/// What Python's zlib.crc32 yields, of content that comes in pieces.
class Crc32 {
 public:
  void add(std::string_view piece) noexcept;
  std::uint32_t value() const noexcept { return ~state_; }

 private:
  std::uint32_t state_ = 0xFFFFFFFF;
};

}  // namespace client_driver

#include "peer_under_test.hpp"

#include <fmt/format.h>

namespace duplex::app::check {

HttpHead opening_request(const PeerUnderTest& server, std::string_view key,
                         std::string_view extensions) {
  HttpHead request{.start_line = fmt::format("GET {} HTTP/1.1", server.target),
                   .fields = {{"Host", server.authority},
                              {"Upgrade", "websocket"},
                              {"Connection", "Upgrade"},
                              {"Sec-WebSocket-Key", std::string(key)},
                              {"Sec-WebSocket-Version", "13"}}};
  if (!extensions.empty()) request.add("Sec-WebSocket-Extensions", std::string(extensions));
  for (const HttpHead::Field& field : server.fields) request.set(field.name, field.value);
  return request;
}

}  // namespace duplex::app::check

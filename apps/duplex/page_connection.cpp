#include "page_parts.hpp"

namespace duplex::app {

Json to_json(const std::optional<tls::SessionInfo>& session) {
  if (!session) return nullptr;
  return {
      {"protocol", session->protocol}, {"cipher", session->cipher}, {"resumed", session->resumed}};
}

void add_connection(server::Server& server, std::shared_ptr<const PagePorts> ports) {
  server.get("/_duplex/connection", [ports = std::move(ports)](const server::Request& request) {
    const auto port = [](std::optional<std::uint16_t> number) {
      return number ? Json(*number) : Json(nullptr);
    };
    return json_response({{"tls", to_json(request.tls())},
                          {"http_port", port(ports ? ports->clear : std::nullopt)},
                          {"https_port", port(ports ? ports->encrypted : std::nullopt)}});
  });
}

}  // namespace duplex::app

// WebSocket++ with Asio, in one thread. See settings.hpp for what it is told.

#include <string>
#include <websocketpp/client.hpp>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/config/asio_no_tls_client.hpp>
#include <websocketpp/extensions/permessage_deflate/enabled.hpp>
#include <websocketpp/server.hpp>

#include "settings.hpp"

namespace {

Settings settings;

/// The library's extension, set as the settings have it: it makes one for each connection, and lets
/// nobody set it up in between.
template <typename Config>
class Deflate : public websocketpp::extensions::permessage_deflate::enabled<Config> {
 public:
  Deflate() {
    namespace deflate = websocketpp::extensions::permessage_deflate;
    const auto bits = static_cast<std::uint8_t>(settings.window_bits);
    this->set_server_max_window_bits(bits, deflate::mode::largest);
    this->set_client_max_window_bits(bits, deflate::mode::largest);
    if (settings.no_context_takeover) {
      this->enable_server_no_context_takeover();
      this->enable_client_no_context_takeover();
    }
  }

  bool is_implemented() const { return settings.deflate; }

  /// What a client offers is fixed in the library; this says the same as the settings.
  std::string generate_offer() const {
    const std::string bits = std::to_string(settings.window_bits);
    std::string offer = "permessage-deflate; client_max_window_bits";
    if (settings.window_bits != 15) offer += '=' + bits + "; server_max_window_bits=" + bits;
    if (settings.no_context_takeover) {
      offer += "; server_no_context_takeover; client_no_context_takeover";
    }
    return offer;
  }
};

template <typename Base>
struct Configured : Base {
  using type = Configured;
  using permessage_deflate_type = Deflate<typename Base::permessage_deflate_config>;
  static constexpr std::size_t max_message_size = message_bytes_max;
};

using Server = websocketpp::server<Configured<websocketpp::config::asio>>;
using Client = websocketpp::client<Configured<websocketpp::config::asio_client>>;
using Handle = websocketpp::connection_hdl;

template <typename Endpoint>
void begin(Endpoint& endpoint) {
  endpoint.clear_access_channels(websocketpp::log::alevel::all);
  endpoint.clear_error_channels(websocketpp::log::elevel::all);
  endpoint.init_asio();
  endpoint.set_tcp_post_init_handler([&endpoint](const Handle& handle) {
    endpoint.get_con_from_hdl(handle)->get_raw_socket().set_option(
        websocketpp::lib::asio::ip::tcp::no_delay(true));
  });
}

/// What comes goes back. A connection that has been closed meanwhile takes nothing, and says so.
template <typename Endpoint>
void echo(Endpoint& endpoint, const Handle& handle, const typename Endpoint::message_ptr& message) {
  websocketpp::lib::error_code closed;
  endpoint.send(handle, message->get_payload(), message->get_opcode(), closed);
}

void serve() {
  Server server;
  begin(server);
  server.set_reuse_addr(true);
  server.set_message_handler([&server](const Handle& handle, const Server::message_ptr& message) {
    echo(server, handle, message);
  });
  server.listen({websocketpp::lib::asio::ip::address_v4::loopback(), settings.port});
  server.start_accept();
  websocketpp::lib::asio::error_code error;
  announce(server.get_local_endpoint(error).port());
  server.run();
}

void run() {
  const std::string origin = "ws://" + settings.host + ':' + std::to_string(settings.port);
  run_cases(settings, [&](const std::string& target) {
    std::string last_text;
    Client client;
    begin(client);
    client.set_message_handler([&](const Handle& handle, const Client::message_ptr& message) {
      if (message->get_opcode() == websocketpp::frame::opcode::text) {
        last_text = message->get_payload();
      }
      echo(client, handle, message);
    });
    websocketpp::lib::error_code error;
    client.connect(client.get_connection(origin + target, error));
    client.get_io_service().run_for(settings.case_limit);
    return last_text;
  });
}

}  // namespace

int main(int argc, char** argv) {
  settings = parse_settings(argc, argv, "WebSocket++");
  if (settings.time_limits) refuse("WebSocket++ is told no time limits here");
  if (settings.level) refuse("WebSocket++ has no level of compression to choose");
  end_when_told();
  settings.serve ? serve() : run();
}

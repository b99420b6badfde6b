#pragma once

#include "knobs.hpp"
#include <duplex/duplex.hpp>

/// The library's options, as the knobs say.
namespace test_server {

duplex::ServerOptions server_options(const Knobs& knobs);
duplex::WebSocketOptions websocket_options(const Knobs& knobs);
/// Certificates and keys are lists, separated by commas: `--tls-cert a.pem,b.pem --tls-key
/// a.key,b.key`.
duplex::tls::ServerOptions tls_options(const Knobs& knobs);

}  // namespace test_server

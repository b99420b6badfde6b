#include "exit_status.hpp"

#include "subcommand.hpp"

namespace duplex::app {

int exit_status_of(const client::Error& error) noexcept {
  if (error.timed_out()) return exit_timed_out;
  if (error.cancelled()) return exit_failure;
  switch (error.step) {
    case client::Step::request: return exit_wrong_usage;
    case client::Step::resolve:
    case client::Step::connect:
    case client::Step::proxy: return exit_no_connection;
    case client::Step::tls: return exit_tls_refused;
    case client::Step::handshake:
    case client::Step::protocol:
    case client::Step::redirect:
    case client::Step::content: return exit_protocol;
    case client::Step::file: return exit_failure;
  }
  return exit_failure;
}

int exit_status_of(websocket::CloseCode code) noexcept {
  switch (code) {
    case websocket::CloseCode::normal:
    case websocket::CloseCode::going_away:
    case websocket::CloseCode::no_status: return exit_success;
    default: return exit_protocol;
  }
}

}  // namespace duplex::app

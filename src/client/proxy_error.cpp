#include <duplex/client/proxy_error.hpp>

namespace duplex::client {
namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "proxy"; }
  std::string message(int value) const override {
    return std::string(describe(static_cast<ProxyError>(value)));
  }
  std::error_condition default_error_condition(int value) const noexcept override {
    switch (static_cast<ProxyError>(value)) {
      case ProxyError::network_unreachable: return std::errc::network_unreachable;
      case ProxyError::host_unreachable: return std::errc::host_unreachable;
      case ProxyError::connection_refused: return std::errc::connection_refused;
      default: return {value, *this};
    }
  }
};

}  // namespace

std::string_view describe(ProxyError error) noexcept {
  switch (error) {
    case ProxyError::host_not_sayable:
      return "the server's host is not one that a proxy can be asked for: check its spelling";
    case ProxyError::login_not_sayable:
      return "the user name or password for the proxy can't be sent: SOCKS5 takes a name, and at "
             "most 255 bytes for each; HTTP takes no colon in the name";
    case ProxyError::closed_early:
      return "the proxy closed the connection before it had answered: check that it speaks this "
             "protocol on this port, and lets this machine in";
    case ProxyError::surplus_bytes:
      return "the proxy sent more than its answer, before the server can have said anything";
    case ProxyError::not_socks5:
      return "what answers is not a SOCKS5 proxy: check scheme, host and port of the proxy";
    case ProxyError::no_acceptable_method:
      return "the proxy accepts none of the ways to log in that it was offered: check whether it "
             "wants a user name and password";
    case ProxyError::method_not_offered:
      return "the proxy wants a way to log in that it was not offered";
    case ProxyError::invalid_login_version:
      return "the proxy's answer to the login is not one of SOCKS5";
    case ProxyError::login_refused: return "the proxy refused the user name or the password";
    case ProxyError::general_failure:
      return "the proxy failed to connect, and does not say why: check the server's name";
    case ProxyError::not_allowed: return "the proxy's rules do not allow this connection";
    case ProxyError::network_unreachable: return "the proxy has no way to the server's network";
    case ProxyError::host_unreachable:
      return "the proxy can't reach the server's host, or can't resolve its name";
    case ProxyError::connection_refused: return "the server refused the proxy's connection";
    case ProxyError::ttl_expired: return "the proxy's connection to the server got lost on its way";
    case ProxyError::command_not_supported: return "the proxy does not make TCP connections";
    case ProxyError::address_not_supported:
      return "the proxy does not support this kind of address: check whether it knows IPv6";
    case ProxyError::unknown_reply: return "the proxy failed, for a reason that SOCKS5 has not";
    case ProxyError::reserved_byte_not_zero:
      return "a byte of the proxy's reply that has to be zero is not";
    case ProxyError::unknown_address_type:
      return "the proxy's reply holds a kind of address that SOCKS5 has not";
    case ProxyError::authentication_required: return "the proxy wants a user name and password";
    case ProxyError::authentication_refused:
      return "the proxy refused the user name or the password, or wants another way to log in than "
             "Basic";
    case ProxyError::tunnel_refused: return "the proxy refused to connect";
    case ProxyError::malformed_response: return "the proxy's answer is not valid HTTP/1.1";
  }
  return "unknown error of the proxy";
}

const std::error_category& proxy_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(ProxyError error) noexcept {
  return {static_cast<int>(error), proxy_category()};
}

std::string describe(const ProxyFailure& failure) {
  std::string text(describe(failure.error));
  if (failure.status) {
    text.append(": ").append(std::to_string(http::code(*failure.status)));
    if (!failure.reason.empty()) text.append(" ").append(failure.reason);
  }
  if (failure.malformation) text.append(": ").append(http1::describe(*failure.malformation));
  return text;
}

}  // namespace duplex::client

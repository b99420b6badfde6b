#include <algorithm>
#include <utility>

#include <duplex/base/ascii.hpp>
#include <duplex/client/proxy.hpp>
#include <duplex/http/authorization.hpp>
#include <duplex/http/percent.hpp>
#include <duplex/http/url.hpp>

namespace duplex::client {
namespace {

bool is_control(char character) noexcept {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == 0x7f;
}

/// `name ":" password` in percent-encoding.
std::expected<ProxyCredentials, ProxyUrlError> parse_credentials(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  auto user = http::percent_decode(text.substr(0, colon));
  auto password = http::percent_decode(text.substr(std::min(colon + 1, text.size())));
  if (!user || !password) return std::unexpected(ProxyUrlError::bad_escape);
  return ProxyCredentials{std::move(*user), std::move(*password)};
}

bool is_sayable(const ProxyCredentials& credentials, ProxyProtocol protocol) noexcept {
  const auto& [user, password] = credentials;
  if (std::ranges::any_of(user, is_control) || std::ranges::any_of(password, is_control)) {
    return false;
  }
  switch (protocol) {
    case ProxyProtocol::http: return user.find(':') == std::string::npos;
    case ProxyProtocol::socks5:
      return !user.empty() && user.size() <= 255 && password.size() <= 255;
  }
  return false;
}

}  // namespace

std::string_view describe(ProxyUrlError error) noexcept {
  switch (error) {
    case ProxyUrlError::bad_character:
      return "the proxy's URL holds a blank or a control character";
    case ProxyUrlError::unsupported_scheme:
      return "the proxy's scheme is not supported: http://, socks5:// and socks5h:// are";
    case ProxyUrlError::bad_escape:
      return "a % in the proxy's user name or password is not followed by two hexadecimal digits: "
             "write %25 for the character itself";
    case ProxyUrlError::bad_authority:
      return "the proxy's host or port is not valid: write it as http://host:3128, and "
             "percent-encode /, ?, # and @ in user name and password";
    case ProxyUrlError::port_zero: return "the proxy's port is zero";
    case ProxyUrlError::path: return "the proxy's URL has a path: it ends behind host and port";
    case ProxyUrlError::bad_credentials:
      return "the proxy's user name or password can't be sent: SOCKS5 takes a name, and at most "
             "255 "
             "bytes for each; HTTP takes no colon in the name; neither takes control characters";
  }
  return {};
}

std::expected<Proxy, ProxyUrlError> Proxy::parse(std::string_view text) {
  const auto is_bad = [](char character) { return character == ' ' || is_control(character); };
  if (std::ranges::any_of(text, is_bad)) return std::unexpected(ProxyUrlError::bad_character);

  Proxy proxy;
  if (const std::size_t colon = text.find("://"); colon != std::string_view::npos) {
    const std::string_view scheme = text.substr(0, colon);
    const auto is = [scheme](std::string_view other) {
      return equals_ignoring_case(scheme, other);
    };
    if (is("socks5") || is("socks5h")) {
      proxy.protocol = ProxyProtocol::socks5;
    } else if (!is("http")) {
      return std::unexpected(ProxyUrlError::unsupported_scheme);
    }
    text.remove_prefix(colon + 3);
  }

  std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  const std::string_view path = text.substr(authority.size());
  const std::size_t at = authority.rfind('@');
  const std::string_view login = authority.substr(0, at == std::string_view::npos ? 0 : at);
  if (at != std::string_view::npos) authority.remove_prefix(at + 1);

  const auto parsed = http::parse_authority(authority);
  if (!parsed) return std::unexpected(ProxyUrlError::bad_authority);
  if (parsed->port == 0) return std::unexpected(ProxyUrlError::port_zero);
  if (!path.empty() && path != "/") return std::unexpected(ProxyUrlError::path);
  proxy.host = parsed->host;
  std::ranges::transform(proxy.host, proxy.host.begin(), to_lower);
  proxy.port = parsed->port.value_or(default_port);

  if (!login.empty()) {
    auto credentials = parse_credentials(login);
    if (!credentials) return std::unexpected(credentials.error());
    if (!is_sayable(*credentials, proxy.protocol)) {
      return std::unexpected(ProxyUrlError::bad_credentials);
    }
    proxy.credentials = std::move(*credentials);
  }
  return proxy;
}

std::string Proxy::text() const {
  std::string text = protocol == ProxyProtocol::http ? "http://" : "socks5://";
  const bool is_ipv6 = host.find(':') != std::string::npos;
  text += is_ipv6 ? "[" + host + "]" : host;
  return text + ":" + std::to_string(port);
}

std::optional<std::string> proxy_authorization(const Proxy& proxy) {
  if (!proxy.credentials) return std::nullopt;
  return http::basic_authorization(proxy.credentials->user, proxy.credentials->password);
}

}  // namespace duplex::client

#include "client/proxy_choice.hpp"

#include <initializer_list>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace duplex::client {
namespace {

struct Variable {
  std::string_view name;
  std::string_view value;
};

/// The first that is not empty.
Variable first_of(std::initializer_list<const char*> names, const Environment& environment) {
  for (const char* name : names) {
    const char* value = environment(name);
    if (value != nullptr && *value != '\0') return {name, value};
  }
  return {};
}

std::expected<std::optional<Proxy>, std::string> parse_variable(const Variable& variable) {
  if (variable.value.empty()) return std::nullopt;
  auto proxy = Proxy::parse(variable.value);
  if (proxy) return std::move(*proxy);
  return std::unexpected(std::string("the environment variable ")
                             .append(variable.name)
                             .append(": ")
                             .append(describe(proxy.error())));
}

}  // namespace

ProxyChoice::ProxyChoice(const ProxyOptions& options, const Environment& environment)
    : no_proxy_(options.no_proxy) {
  if (!no_proxy_.unreadable().empty()) {
    throw std::invalid_argument("ProxyOptions::no_proxy: \"" + no_proxy_.unreadable() +
                                "\" is not *, a host name, an address or a block of addresses");
  }
  if (options.from_environment && options.no_proxy.empty()) {
    no_proxy_ = NoProxy(first_of({"no_proxy", "NO_PROXY"}, environment).value);
  }
  if (!options.url.empty()) {
    auto proxy = Proxy::parse(options.url);
    if (!proxy) {
      throw std::invalid_argument("ProxyOptions::url: " + std::string(describe(proxy.error())));
    }
    secure_ = clear_ = std::move(*proxy);
  } else if (options.from_environment) {
    from_environment_ = true;
    secure_ = parse_variable(
        first_of({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}, environment));
    // Without HTTP_PROXY, which a server's client can set in a CGI program (CVE-2016-5385).
    clear_ = parse_variable(first_of({"http_proxy", "all_proxy", "ALL_PROXY"}, environment));
  }
}

std::expected<const Proxy*, std::string> ProxyChoice::choose(const http::Url& url) const {
  if (from_environment_ && is_loopback(url.host)) return nullptr;
  if (no_proxy_.covers(url.host, url.port)) return nullptr;
  const Source& source = url.is_secure() ? secure_ : clear_;
  if (!source) return std::unexpected(source.error());
  return *source ? &**source : nullptr;
}

}  // namespace duplex::client

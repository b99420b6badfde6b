#pragma once

#include <string>

#include "client/flow.hpp"
#include "net/dialer.hpp"
#include <duplex/base/task.hpp>
#include <duplex/client/proxy.hpp>
#include <duplex/client/result.hpp>
#include <duplex/http/url.hpp>

namespace duplex::client {

/// Where a request goes, and how it gets there.
struct Route {
  http::Url url;
  /// A Unix socket instead of the URL's host; empty for none. Then there is no proxy.
  std::string unix_path;
  /// Null for none; the client's, and lives as long as that.
  const Proxy* proxy = nullptr;

  /// Whether the proxy is told the whole URL, instead of opening a tunnel: for http by an HTTP
  /// proxy, as everybody does.
  bool asks_proxy() const noexcept {
    return proxy != nullptr && proxy->protocol == ProxyProtocol::http && url.scheme == "http";
  }
  /// What connections must have in common to serve for each other: all of the way, and its end.
  std::string key() const;
  /// Who is at its end, for people: `example.com:443`, or a path.
  std::string peer() const;
};

/// The way to `url`: through a Unix socket, if one is named, or a proxy, if the client has one for
/// it. The error is the environment's, which names a proxy that can't be.
Result<Route> route_to(http::Url url, const std::string& unix_path, const Flow& flow);

/// A connection to the end of `route`, through proxies, on which nothing was said yet: to be
/// encrypted, if the URL wants that. The address is the one that is connected to in fact.
Task<Result<net::Dialed>> dial(Flow& flow, const Route& route);

}  // namespace duplex::client

#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>

#include "client/no_proxy.hpp"
#include <duplex/client/proxy.hpp>
#include <duplex/http/url.hpp>

namespace duplex::client {

/// The value of an environment variable; null when there is none: `std::getenv`, as a rule.
using Environment = std::function<const char*(const char* name)>;

/// By which proxy, if any, a client goes to a URL; see `ProxyOptions`. A value, unchanged once it
/// is made.
class ProxyChoice {
 public:
  /// Asks `environment` here and not later, and only when the options say so. Throws
  /// std::invalid_argument, with a sentence that says what to change, for options that can't be
  /// read.
  ProxyChoice(const ProxyOptions& options, const Environment& environment);

  /// The proxy for `url`, as long as this object; null for none. unexpected: the variable that
  /// names it can't be read; the sentence says which, and what is wrong. That is an error only for
  /// URLs that would go by it.
  std::expected<const Proxy*, std::string> choose(const http::Url& url) const;

 private:
  using Source = std::expected<std::optional<Proxy>, std::string>;

  Source secure_;  // for https and wss
  Source clear_;   // for http and ws
  NoProxy no_proxy_;
  bool from_environment_ = false;
};

}  // namespace duplex::client

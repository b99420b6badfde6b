#include "client/dial.hpp"

#include <coroutine>
#include <expected>
#include <memory>
#include <optional>
#include <utility>

#include "client/engine.hpp"
#include "client/printable.hpp"
#include "client/response_facts.hpp"
#include "client/tunnel.hpp"
#include "net/resolver.hpp"

namespace duplex::client {

namespace {

std::string authority_of(std::string_view host, std::uint16_t port) {
  const bool is_ipv6 = host.find(':') != std::string_view::npos;
  std::string text;
  if (is_ipv6) text += '[';
  text += host;
  if (is_ipv6) text += ']';
  return text.append(":").append(std::to_string(port));
}

net::DialerOptions dialer_options_of(const TimeLimits& limits) {
  return {.next_attempt_ms = limits.next_address_ms,
          .attempt_ms_max = limits.connect_attempt_ms_max,
          .dial_ms_max = limits.connect_ms_max};
}

/// Looks a host up, and connects to whichever of its addresses answers first, beginning with those
/// that are known first. To be awaited once.
class Dialing {
 public:
  Dialing(Flow& flow, std::string host, std::uint16_t port)
      : flow_(flow),
        host_(std::move(host)),
        port_(port),
        dialer_(flow.engine().loop(), dialer_options_of(flow.engine().options().time_limits),
                [this](auto dialed) { on_dialed(std::move(dialed)); }) {}
  Dialing(const Dialing&) = delete;
  Dialing& operator=(const Dialing&) = delete;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    flow_.at(Step::resolve);
    lookup_ = flow_.engine().resolver().resolve(
        host_, port_, [this](auto resolved) { on_resolved(std::move(resolved)); });
  }
  Result<net::Dialed> await_resume() { return std::move(*result_); }

 private:
  void on_resolved(std::expected<net::Resolution, std::error_code> resolved) {
    if (!resolved) return end(std::unexpected(flow_.error(resolved.error())));
    flow_.at(Step::connect);
    dialer_.add(resolved->addresses);
    if (resolved->complete) dialer_.finish();
  }

  void on_dialed(std::expected<net::Dialed, net::DialError> dialed) {
    if (dialed) return end(std::move(*dialed));
    flow_.at(Step::connect);
    const net::DialError& failure = dialed.error();
    // The one address that was asked for need not be named twice.
    const bool alone = failure.attempts.size() == 1 && failure.untried == 0 &&
                       failure.attempts.front().address.to_string() == flow_.peer();
    const bool late = failure.error == std::errc::timed_out;
    end(std::unexpected(flow_.error(
        failure.error,
        (late ? "time limit: " : "") + (alone ? failure.error.message() : failure.message()))));
  }

  void end(Result<net::Dialed> result) {
    result_.emplace(std::move(result));
    waiter_.resume();
  }

  Flow& flow_;
  std::string host_;
  std::uint16_t port_;
  std::coroutine_handle<> waiter_;
  std::optional<Result<net::Dialed>> result_;
  net::Dialer dialer_;
  net::Resolver::Lookup lookup_;
};

/// Connects to the one address of a Unix socket.
class UnixDialing {
 public:
  UnixDialing(Flow& flow, const net::SocketAddress& address)
      : flow_(flow),
        address_(address),
        dialer_(flow.engine().loop(), dialer_options_of(flow.engine().options().time_limits),
                [this](auto dialed) {
                  result_.emplace(std::move(dialed));
                  waiter_.resume();
                }) {}
  UnixDialing(const UnixDialing&) = delete;
  UnixDialing& operator=(const UnixDialing&) = delete;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    flow_.at(Step::connect);
    dialer_.add(std::span(&address_, 1));
    dialer_.finish();
  }
  Result<net::Dialed> await_resume() {
    if (*result_) return std::move(**result_);
    return std::unexpected(flow_.error(result_->error().error, result_->error().message()));
  }

 private:
  Flow& flow_;
  net::SocketAddress address_;
  std::coroutine_handle<> waiter_;
  std::optional<std::expected<net::Dialed, net::DialError>> result_;
  net::Dialer dialer_;
};

/// Has a proxy open the way through a connection to it.
class Tunnelling {
 public:
  Tunnelling(Flow& flow, net::Descriptor socket, const Route& route)
      : flow_(flow), socket_(std::move(socket)), route_(route) {}
  Tunnelling(const Tunnelling&) = delete;
  Tunnelling& operator=(const Tunnelling&) = delete;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    flow_.at(Step::proxy);
    const TunnelOptions options{.tunnel_ms_max = flow_.engine().options().time_limits.proxy_ms_max};
    tunnel_ = std::make_unique<Tunnel>(flow_.engine().loop(), std::move(socket_), *route_.proxy,
                                       route_.url, options, [this](auto opened) {
                                         result_.emplace(std::move(opened));
                                         waiter_.resume();
                                       });
  }
  Result<net::Descriptor> await_resume() {
    if (*result_) return std::move(**result_);
    TunnelError& failure = result_->error();
    Error error = flow_.error(failure.error, printable(failure.message));
    if (failure.status) {
      error.response =
          std::make_shared<const Response>(response_of(*failure.status, route_.url.text()),
                                           std::move(failure.content), http::Fields());
    }
    return std::unexpected(std::move(error));
  }

 private:
  Flow& flow_;
  net::Descriptor socket_;
  const Route& route_;
  std::coroutine_handle<> waiter_;
  std::optional<std::expected<net::Descriptor, TunnelError>> result_;
  std::unique_ptr<Tunnel> tunnel_;
};

/// In a coroutine of its own, so that a late answer of the other family finds nobody.
Task<Result<net::Dialed>> dial_host(Flow& flow, std::string host, std::uint16_t port) {
  flow.at(Step::resolve, authority_of(host, port));
  Dialing dialing(flow, std::move(host), port);
  co_return co_await dialing;
}

Task<Result<net::Dialed>> dial_unix(Flow& flow, const std::string& path) {
  const auto address = net::SocketAddress::parse("unix:" + path);
  if (!address) {
    co_return std::unexpected(flow.error(ClientError::invalid_request, address.error()));
  }
  UnixDialing dialing(flow, *address);
  co_return co_await dialing;
}

}  // namespace

std::string Route::key() const {
  std::string key = url.scheme;
  if (!unix_path.empty()) return key.append(" ").append(url.authority()).append(" ") + unix_path;
  // One connection to a proxy serves for all servers that it is asked for.
  if (!asks_proxy()) key.append(" ").append(authority_of(url.host, url.port));
  if (proxy != nullptr) key.append(" by ").append(proxy->text());
  return key;
}

std::string Route::peer() const {
  return unix_path.empty() ? authority_of(url.host, url.port) : unix_path;
}

Result<Route> route_to(http::Url url, const std::string& unix_path, const Flow& flow) {
  Route route{.url = std::move(url), .unix_path = unix_path};
  if (!unix_path.empty()) return route;
  const auto proxy = flow.engine().client().proxies().choose(route.url);
  if (!proxy) {
    return std::unexpected(Error{.step = Step::proxy,
                                 .code = ClientError::invalid_request,
                                 .peer = route.peer(),
                                 .reason = proxy.error()});
  }
  route.proxy = *proxy;
  return route;
}

Task<Result<net::Dialed>> dial(Flow& flow, const Route& route) {
  if (!route.unix_path.empty()) {
    flow.at(Step::connect, route.unix_path);
    co_return co_await dial_unix(flow, route.unix_path);
  }
  const bool direct = route.proxy == nullptr;
  const std::string host = direct ? route.url.host : route.proxy->host;
  const std::uint16_t port = direct ? route.url.port : route.proxy->port;
  Result<net::Dialed> dialed = co_await dial_host(flow, host, port);
  if (!dialed || direct || route.asks_proxy()) co_return dialed;

  Tunnelling tunnelling(flow, std::move(dialed->socket), route);
  Result<net::Descriptor> opened = co_await tunnelling;
  if (!opened) co_return std::unexpected(std::move(opened.error()));
  dialed->socket = std::move(*opened);
  co_return dialed;
}

}  // namespace duplex::client

#include "client/tunnel.hpp"

#include <cstddef>
#include <utility>

#include "net/socket.hpp"

namespace duplex::client {
namespace {

// More than any answer but a long page about a refusal.
constexpr std::size_t receive_bytes = std::size_t{4} * 1024;

std::variant<HttpTunnel, Socks5> make_protocol(const Proxy& proxy, const http::Url& target) {
  using Protocol = std::variant<HttpTunnel, Socks5>;
  switch (proxy.protocol) {
    case ProxyProtocol::http: return Protocol(std::in_place_type<HttpTunnel>, proxy, target);
    case ProxyProtocol::socks5: break;
  }
  return Protocol(std::in_place_type<Socks5>, proxy, target);
}

}  // namespace

Tunnel::Tunnel(net::EventLoop& loop, net::Descriptor socket, const Proxy& proxy,
               const http::Url& target, const TunnelOptions& options, OnTunnel on_tunnel)
    : loop_(loop),
      socket_(std::move(socket)),
      proxy_text_(proxy.text()),
      protocol_(make_protocol(proxy, target)),
      on_tunnel_(std::move(on_tunnel)) {
  const auto begun =
      std::visit([this](auto& protocol) { return protocol.begin(output_); }, protocol_);
  if (!begun) {
    end(error_of(begun.error()));
    return;
  }
  loop_.arm(deadline_, options.tunnel_ms_max);
  // Written when the loop says that there is room, which a new connection has.
  const net::Interest interest{.readable = true, .writable = true};
  if (const std::error_code error = loop_.watch(socket_.number(), interest, *this)) {
    end(error_of(error));
    return;
  }
  watched_ = watches_output_ = true;
}

Tunnel::~Tunnel() {
  stop_watching();
}

void Tunnel::on_ready(net::Readiness readiness) noexcept {
  if (watched_ && readiness.writable) send();
  if (watched_ && (readiness.readable || readiness.hung_up)) receive();
}

void Tunnel::receive() noexcept {
  const auto received = net::receive(socket_.number(), input_.prepare(receive_bytes));
  switch (received.state) {
    case net::Transfer::ok: input_.commit(received.bytes); return process();
    case net::Transfer::would_block: return;
    case net::Transfer::closed: return end(error_of(end_of_input()));
    case net::Transfer::failed: break;
  }
  // A proxy that refuses without reading all that was sent resets the connection behind it.
  const ProxyFailure failure = end_of_input();
  end(failure.error == ProxyError::closed_early ? error_of(received.error) : error_of(failure));
}

void Tunnel::process() noexcept {
  Bytes input = input_.content();
  const auto open =
      std::visit([&](auto& protocol) { return protocol.next(input, output_); }, protocol_);
  input_.consume(input_.size() - input.size());
  if (!open) return end(error_of(open.error()));
  if (!*open) return send();
  // Nobody has asked the server for anything yet, and in HTTP and TLS it does not speak first.
  if (!input_.empty()) return end(error_of(ProxyFailure{ProxyError::surplus_bytes}));
  end(std::nullopt);
}

void Tunnel::send() noexcept {
  while (!output_.empty()) {
    const auto sent = net::send(socket_.number(), output_.content());
    output_.consume(sent.bytes);
    if (sent.state == net::Transfer::failed) {
      // What the proxy said before it closed tells more: that is found by reading.
      output_.clear();
      break;
    }
    if (sent.state == net::Transfer::would_block) break;
  }
  const bool wants_room = !output_.empty();
  if (wants_room == watches_output_) return;
  watches_output_ = wants_room;
  const net::Interest interest{.readable = true, .writable = wants_room};
  if (const std::error_code error = loop_.change(socket_.number(), interest, *this)) {
    end(error_of(error));
  }
}

void Tunnel::on_deadline() noexcept {
  const ProxyFailure failure = end_of_input();
  if (failure.error != ProxyError::closed_early) return end(error_of(failure));
  end(TunnelError{std::make_error_code(std::errc::timed_out),
                  proxy_text_ + ": the proxy did not make the connection in time"});
}

void Tunnel::stop_watching() noexcept {
  if (std::exchange(watched_, false)) loop_.unwatch(socket_.number(), *this);
}

/// Told in a timer, when the descriptor is not busy any more and the tunnel may be destroyed.
void Tunnel::end(std::optional<TunnelError> error) noexcept {
  stop_watching();
  deadline_.disarm();
  error_ = std::move(error);
  if (error_) socket_.reset();
  loop_.arm(tell_, 0);
}

void Tunnel::tell() noexcept {
  std::expected<net::Descriptor, TunnelError> result(std::move(socket_));
  if (error_) result = std::unexpected(std::move(*error_));
  // On the stack, as this object may be destroyed meanwhile.
  OnTunnel on_tunnel = std::move(on_tunnel_);
  on_tunnel(std::move(result));
}

ProxyFailure Tunnel::end_of_input() noexcept {
  return std::visit([](auto& protocol) { return protocol.end_of_input(); }, protocol_);
}

TunnelError Tunnel::error_of(const ProxyFailure& failure) const {
  return {failure.error, proxy_text_ + ": " + describe(failure), failure.status, failure.content};
}

TunnelError Tunnel::error_of(std::error_code error) const {
  return {error, proxy_text_ + ": " + error.message()};
}

}  // namespace duplex::client

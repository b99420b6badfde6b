#include "net/dialer.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "net/socket.hpp"
#include <duplex/net/resolve_error.hpp>

namespace duplex::net {
namespace {

// How soon a Unix listener whose queue is full is asked again: the system does not do it, as it
// does for TCP.
constexpr std::uint64_t unix_retry_ms = 20;

std::error_code system_error(int number) noexcept {
  return {number, std::system_category()};
}

/// What an established connection's socket has to say against it.
int pending_error(int socket) noexcept {
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

/// Whether the failure is of this machine's making: it has no way to such an address.
bool has_no_way(std::error_code error) noexcept {
  return error == std::errc::network_unreachable || error == std::errc::address_not_available ||
         error == std::errc::address_family_not_supported;
}

}  // namespace

std::string DialError::message() const {
  if (attempts.empty()) return error.message();
  std::string text;
  for (const FailedAttempt& attempt : attempts) {
    if (!text.empty()) text += "; ";
    text.append(attempt.address.to_string()).append(": ").append(attempt.error.message());
  }
  if (untried > 0) text.append("; ").append(std::to_string(untried)).append(" more not tried");
  return text;
}

/// One address. Writes its outcome down and has the dialer look at it in a timer, when neither the
/// descriptor nor the attempt itself is busy any more.
class Dialer::Attempt final : public Pollable {
 public:
  Attempt(Dialer& dialer, const SocketAddress& address) : dialer_(dialer), address_(address) {}
  ~Attempt() { unwatch(); }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  void begin() noexcept {
    socket_.reset(::socket(address_.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket_) return end(errno);
    if (!address_.is_unix()) set_no_delay(socket_.number());
    dialer_.loop_.arm(limit_, dialer_.options_.attempt_ms_max);
    connect();
  }

  /// The outcome: nullopt while there is none, no error for a connection.
  const std::optional<std::error_code>& outcome() const noexcept { return outcome_; }
  const SocketAddress& address() const noexcept { return address_; }
  Descriptor take_socket() noexcept {
    unwatch();
    return std::move(socket_);
  }

  void on_ready(Readiness) noexcept override {
    const int error = pending_error(socket_.number());
    error == 0 ? on_connected() : end(error);
  }

 private:
  void connect() noexcept {
    if (::connect(socket_.number(), address_.raw(), address_.raw_length()) == 0) {
      return on_connected();
    }
    // Interrupted, it goes on by itself.
    if (errno == EINPROGRESS || errno == EINTR) {
      if (const std::error_code error =
              dialer_.loop_.watch(socket_.number(), {.writable = true}, *this)) {
        return end(error.value());
      }
      watched_ = true;
    } else if (errno == EAGAIN && address_.is_unix()) {
      dialer_.loop_.arm(retry_, unix_retry_ms);
    } else {
      end(errno);
    }
  }

  void on_connected() noexcept {
    // A socket that happens to be given the port that it dials connects to itself, where nobody
    // listens (RFC 9293 section 3.5, simultaneous open).
    const int socket = socket_.number();
    const bool to_itself =
        !address_.is_unix() && SocketAddress::of_local(socket) == SocketAddress::of_peer(socket);
    end(to_itself ? ECONNREFUSED : 0);
  }

  void on_limit() noexcept { end(ETIMEDOUT); }

  void end(int error) noexcept {
    unwatch();
    retry_.disarm();
    limit_.disarm();
    outcome_ = error == 0 ? std::error_code() : system_error(error);
    dialer_.loop_.arm(dialer_.step_, 0);
  }

  void unwatch() noexcept {
    if (std::exchange(watched_, false)) dialer_.loop_.unwatch(socket_.number(), *this);
  }

  Dialer& dialer_;
  SocketAddress address_;
  Descriptor socket_;
  bool watched_ = false;
  std::optional<std::error_code> outcome_;
  Alarm<Attempt> limit_{*this, &Attempt::on_limit};
  Alarm<Attempt> retry_{*this, &Attempt::connect};
};

Dialer::Dialer(EventLoop& loop, const DialerOptions& options, OnDialed on_dialed)
    : loop_(loop), options_(options), on_dialed_(std::move(on_dialed)) {}

Dialer::~Dialer() = default;

void Dialer::add(std::span<const SocketAddress> addresses) {
  if (ended_ || addresses.empty()) return;
  if (!deadline_.armed()) loop_.arm(deadline_, options_.dial_ms_max);
  waiting_.insert(waiting_.end(), addresses.begin(), addresses.end());
  loop_.arm(step_, 0);
}

void Dialer::finish() noexcept {
  if (ended_) return;
  finished_ = true;
  loop_.arm(step_, 0);
}

void Dialer::step() noexcept {
  for (auto& attempt : attempts_) {
    const bool connected = attempt->outcome() && !*attempt->outcome();
    if (!connected) continue;
    return end(Dialed{attempt->take_socket(), attempt->address(), std::move(failed_)});
  }
  due_ += std::erase_if(attempts_, [&](const auto& attempt) {
    if (!attempt->outcome()) return false;
    failed_.push_back({attempt->address(), *attempt->outcome()});
    return true;
  });
  while (due_ > 0 && !waiting_.empty()) start_next();
  // What comes later begins at once, but one at a time.
  due_ = std::min<std::size_t>(due_, 1);
  if (finished_ && attempts_.empty()) end_failed({});
}

void Dialer::start_next() {
  --due_;
  attempts_.push_back(std::make_unique<Attempt>(*this, take_next()));
  // When that ends at once, `step` is armed and comes again.
  attempts_.back()->begin();
  loop_.arm(next_, options_.next_attempt_ms);
}

/// The families take turns (RFC 8305 section 4), whenever their addresses came.
SocketAddress Dialer::take_next() noexcept {
  auto next = std::ranges::find_if(
      waiting_, [&](const SocketAddress& each) { return each.family() != last_family_; });
  if (next == waiting_.end()) next = waiting_.begin();
  const SocketAddress address = *next;
  waiting_.erase(next);
  last_family_ = address.family();
  return address;
}

void Dialer::on_next_due() noexcept {
  due_ = 1;
  step();
}

void Dialer::on_deadline() noexcept {
  for (const auto& attempt : attempts_) {
    // A connection that came in this very iteration is one.
    if (attempt->outcome() && !*attempt->outcome()) return;
  }
  for (const auto& attempt : attempts_) {
    failed_.push_back({attempt->address(), attempt->outcome().value_or(system_error(ETIMEDOUT))});
  }
  end_failed(system_error(ETIMEDOUT));
}

void Dialer::end_failed(std::error_code error) noexcept {
  if (!error && failed_.empty()) error = ResolveError::no_addresses;
  if (!error) {
    const auto telling = std::ranges::find_if(
        failed_, [](const FailedAttempt& attempt) { return !has_no_way(attempt.error); });
    error = telling == failed_.end() ? failed_.front().error : telling->error;
  }
  end(std::unexpected(DialError{error, std::move(failed_), waiting_.size()}));
}

void Dialer::end(std::expected<Dialed, DialError> result) noexcept {
  ended_ = true;
  step_.disarm();
  next_.disarm();
  deadline_.disarm();
  waiting_.clear();
  attempts_.clear();
  // On the stack, as this object may be destroyed meanwhile.
  OnDialed on_dialed = std::move(on_dialed_);
  on_dialed(std::move(result));
}

}  // namespace duplex::net

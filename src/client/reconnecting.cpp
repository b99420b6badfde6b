#include "client/reconnecting.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <coroutine>
#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>

#include "client/client_state.hpp"
#include "client/engine.hpp"
#include "client/flow.hpp"
#include "client/open_websocket.hpp"
#include "client/printable.hpp"
#include "client/random.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/client/call.hpp>
#include <duplex/client/proxy_error.hpp>
#include <duplex/net/async.hpp>
#include <duplex/tls/error.hpp>

namespace duplex::client {

using connection::CloseInfo;
using connection::Message;
using connection::OwnedMessage;
using connection::SendStatus;
using connection::WebSocket;

namespace {

// A server may ask for a longer wait than ours (RFC 9110 section 10.2.3), up to here.
constexpr std::uint32_t retry_after_ms_max = 600'000;

std::uint32_t random_up_to(std::uint32_t most) noexcept {
  std::array<std::byte, sizeof(std::uint64_t)> bytes{};
  fill_randomly(bytes);
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), bytes.size());
  return static_cast<std::uint32_t>(number % (std::uint64_t{most} + 1));
}

/// How long the server asks to be left alone; 0 when it says nothing.
std::uint32_t asked_wait_ms(const Error& error) {
  if (!error.response) return 0;
  const auto seconds = parse_decimal(trim(error.response->field("retry-after").value_or("")));
  if (!seconds) return 0;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(*seconds, retry_after_ms_max / 1'000) *
                                    1'000);
}

}  // namespace

bool may_mend(const Error& error) {
  if (error.cancelled()) return false;
  if (error.timed_out()) return true;
  switch (error.step) {
    case Step::resolve:
    case Step::connect:
    case Step::protocol: return true;
    case Step::tls: return error.code == tls::TlsError::truncated;
    case Step::proxy:
      return error.code != ClientError::invalid_request &&
             error.code != ProxyError::authentication_required &&
             error.code != ProxyError::authentication_refused &&
             error.code != ProxyError::login_refused;
    case Step::handshake: break;
    case Step::request:
    case Step::redirect:
    case Step::content:
    case Step::file: return false;
  }
  if (error.code.category() == websocket::handshake_category()) return false;
  if (!error.response) return true;
  const std::uint16_t status = http::code(error.response->status());
  return status >= 500 || status == 408 || status == 425 || status == 429;
}

bool may_come_back(const CloseInfo& info) {
  return info.code != websocket::CloseCode::normal &&
         info.code != websocket::CloseCode::policy_violation;
}

std::uint32_t backoff_ms(const ReconnectOptions& options, std::uint32_t failures) noexcept {
  const std::uint64_t delay_ms = std::uint64_t{options.delay_ms_first} << std::min(failures, 31U);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(delay_ms, options.delay_ms_max));
}

// ---------------------------------------------------------------------------- Keeper

/// What keeps a WebSocket open; shared by its user's object and the coroutine that does it.
class ReconnectingWebSocket::Keeper final : public std::enable_shared_from_this<Keeper>,
                                            private Endable {
 public:
  Keeper(std::shared_ptr<ClientState> client, WebSocketRequest request, ReconnectOptions options)
      : client_(std::move(client)), request_(std::move(request)), options_(std::move(options)) {
    if (!options_.retry_on) options_.retry_on = may_mend;
    if (!options_.retry_after_close) options_.retry_after_close = may_come_back;
  }

  ~Keeper() { leave(); }
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  /// Begins; `bounds` are the user's: for each attempt, and for the whole.
  static void start(const std::shared_ptr<Keeper>& keeper, detail::Bounds bounds);

  SendStatus send(const Message& message);
  void close(websocket::CloseCode code, std::string_view reason);

  bool may_receive_now() const noexcept { return received_.has_value() || over_; }
  void wait_to_receive(std::coroutine_handle<> waiter) noexcept { receiver_ = waiter; }
  void forget_receiver() noexcept { receiver_ = nullptr; }
  std::optional<OwnedMessage> take_received();

  const WebSocket& current() const noexcept { return current_; }
  std::uint64_t connections() const noexcept { return connections_; }
  const std::optional<Error>& error() const noexcept { return error_; }

 private:
  /// Something that happens in this thread, and one coroutine that waits for it.
  class Signal {
   public:
    class Wait;
    Wait wait() noexcept;
    void set() noexcept {
      set_ = true;
      if (waiter_) std::exchange(waiter_, nullptr).resume();
    }
    void reset() noexcept { set_ = false; }

   private:
    std::coroutine_handle<> waiter_;
    bool set_ = false;
  };

  static Task<> run(std::shared_ptr<Keeper> keeper);
  Task<> keep();
  Task<Result<WebSocket>> attempt();
  Task<Result<WebSocket>> welcome(WebSocket socket);
  Task<> pass_on();
  void on_client_end() noexcept override;
  void stop(std::string reason) noexcept;
  void leave() noexcept;
  void fail(const std::string& what);
  Error lost(const CloseInfo& info) const;
  bool give_up(const Error& error);

  std::shared_ptr<ClientState> client_;
  WebSocketRequest request_;
  ReconnectOptions options_;
  Engine* engine_ = nullptr;  // while it goes on
  WebSocket welcomed_;        // a new connection, until all is said that comes first
  WebSocket current_;
  std::deque<OwnedMessage> queue_;  // sent while away
  std::size_t queue_bytes_ = 0;
  std::optional<OwnedMessage> received_;
  std::coroutine_handle<> receiver_;
  std::optional<Error> error_;
  std::stop_source stop_;  // of an attempt
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
  Signal closed_;
  Signal taken_;  // what was received
  std::uint64_t connections_ = 0;
  std::uint32_t failures_ = 0;
  bool closing_ = false;
  bool over_ = false;
};

/// See `Signal::wait`.
class [[nodiscard]] ReconnectingWebSocket::Keeper::Signal::Wait {
 public:
  explicit Wait(Signal& signal) noexcept : signal_(&signal) {}
  Wait(Wait&& other) noexcept : signal_(other.signal_) {}  // before it has begun
  Wait& operator=(Wait&&) = delete;
  ~Wait() {
    if (waiting_) signal_->waiter_ = nullptr;
  }

  bool await_ready() const noexcept { return signal_->set_; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    waiting_ = true;
    signal_->waiter_ = waiter;
  }
  void await_resume() noexcept { waiting_ = false; }

 private:
  Signal* signal_;
  bool waiting_ = false;
};

auto ReconnectingWebSocket::Keeper::Signal::wait() noexcept -> Wait {
  return Wait(*this);
}

void ReconnectingWebSocket::Keeper::start(const std::shared_ptr<Keeper>& keeper,
                                          detail::Bounds bounds) {
  if (bounds.deadline) {
    keeper->options_.attempt_ms_max =
        static_cast<std::uint32_t>(std::max<std::int64_t>(0, bounds.deadline->count()));
  }
  Engine* const engine = keeper->client_->engine_here();
  if (engine == nullptr || engine->shutting_down()) return keeper->stop("the client has ended");
  keeper->engine_ = engine;
  engine->add(*keeper);
  if (bounds.stop.stop_possible()) {
    // Called in any thread; what it asks for is done in this one.
    keeper->on_stop_.emplace(bounds.stop,
                             [inbox = engine->loop().inbox(), its = std::weak_ptr(keeper)] {
                               inbox->post([its] {
                                 if (const auto there = its.lock()) there->stop("it was stopped");
                               });
                             });
  }
  engine->spawn(run(keeper));
}

Task<> ReconnectingWebSocket::Keeper::run(std::shared_ptr<Keeper> keeper) {
  std::string what;
  try {
    co_await keeper->keep();
  } catch (const std::exception& exception) {
    what = exception.what();
  } catch (...) {
    what = "an exception that is no std::exception";
  }
  if (!what.empty()) keeper->fail(what);
  keeper->leave();
  keeper->over_ = true;
  if (keeper->receiver_) std::exchange(keeper->receiver_, nullptr).resume();
}

/// One of the user's functions has thrown: who waits to receive is told why nothing will come.
void ReconnectingWebSocket::Keeper::fail(const std::string& what) {
  current_ = {};
  if (error_) return;
  error_ = Error{.step = Step::protocol,
                 .code = ClientError::content_failed,
                 .peer = request_.url,
                 .reason = "a function of ReconnectOptions failed: " + what};
  client_->log(LogLevel::error, error_->message());
}

void ReconnectingWebSocket::Keeper::leave() noexcept {
  on_stop_.reset();
  if (engine_ != nullptr) std::exchange(engine_, nullptr)->remove(*this);
}

void ReconnectingWebSocket::Keeper::on_client_end() noexcept {
  stop("the client has ended");
}

/// Ends it from outside.
void ReconnectingWebSocket::Keeper::stop(std::string reason) noexcept {
  if (over_) return;
  // Whoever is resumed below may be the last to hold it.
  const std::shared_ptr<Keeper> self = shared_from_this();
  leave();
  over_ = true;
  error_ = Error{.step = Step::protocol,
                 .code = std::make_error_code(std::errc::operation_canceled),
                 .peer = request_.url,
                 .reason = std::move(reason)};
  close(websocket::CloseCode::going_away, {});
  if (receiver_) std::exchange(receiver_, nullptr).resume();
}

Task<> ReconnectingWebSocket::Keeper::keep() {
  while (!closing_) {
    Result<WebSocket> opened = co_await attempt();
    Error error;
    if (opened) {
      // Closed meanwhile, by who holds the other end of this.
      if (closing_) co_return;
      current_ = std::move(*opened);
      const auto began = std::chrono::steady_clock::now();
      co_await pass_on();
      const CloseInfo info = current_.close_info().value_or(CloseInfo{});
      const bool comes_back = !closing_ && options_.retry_after_close(info);
      error = lost(info);
      current_ = {};
      if (!comes_back) co_return;
      if (std::chrono::steady_clock::now() - began >=
          std::chrono::milliseconds(options_.stable_ms)) {
        failures_ = 0;
      }
    } else {
      error = std::move(opened.error());
      if (closing_ || give_up(error)) co_return;
    }
    const std::uint32_t delay_ms =
        std::max(random_up_to(backoff_ms(options_, failures_)), asked_wait_ms(error));
    ++failures_;
    if (options_.on_lost) options_.on_lost(error, delay_ms);
    co_await net::within(std::chrono::milliseconds(delay_ms), closed_.wait());
  }
}

bool ReconnectingWebSocket::Keeper::give_up(const Error& error) {
  if (!options_.retry_on(error)) {
    error_ = error;
    return true;
  }
  if (options_.attempts_max == 0 || failures_ + 1 < options_.attempts_max) return false;
  error_ = error;
  error_->code = ClientError::gave_up;
  error_->reason = "gave up after " + std::to_string(failures_ + 1) +
                   " attempts in a row; the last: " + error.reason;
  return true;
}

Task<Result<WebSocket>> ReconnectingWebSocket::Keeper::attempt() {
  detail::Bounds bounds;
  bounds.deadline = std::chrono::milliseconds(options_.attempt_ms_max);
  bounds.stop = stop_.get_token();
  detail::CallAwaiter<WebSocket> opening(client_, std::move(bounds), [this](Flow* flow) {
    return open_websocket(*flow, request_, nullptr);
  });
  Result<WebSocket> opened = co_await opening;
  if (!opened) co_return opened;
  co_return co_await welcome(std::move(*opened));
}

/// What comes first on a new connection: the user's hook, then what has waited for it.
Task<Result<WebSocket>> ReconnectingWebSocket::Keeper::welcome(WebSocket socket) {
  const bool again = connections_++ > 0;
  welcomed_ = socket;
  std::string what;
  if (options_.on_connected) {
    try {
      co_await options_.on_connected(socket, again);
    } catch (const std::exception& exception) {
      what = exception.what();
    } catch (...) {
      what = "an exception that is no std::exception";
    }
    if (!what.empty()) {
      welcomed_ = {};
      socket.close(websocket::CloseCode::internal_error);
      co_return std::unexpected(Error{.step = Step::protocol,
                                      .code = ClientError::content_failed,
                                      .peer = socket.peer(),
                                      .reason = "on_connected failed: " + what});
    }
  }
  while (!queue_.empty()) {
    const SendStatus sent = co_await socket.send(queue_.front());
    if (sent == SendStatus::closed) break;
    queue_bytes_ -= queue_.front().bytes().size();
    queue_.pop_front();
  }
  welcomed_ = {};
  co_return socket;
}

/// Gives what is received to the user, until the connection ends.
Task<> ReconnectingWebSocket::Keeper::pass_on() {
  bool unheard = false;
  while (auto message = co_await current_.receive()) {
    // Behind a goodbye, nobody has to take anything any more; who does gets nothing behind a gap.
    unheard = unheard || received_;
    if (unheard) continue;
    taken_.reset();
    received_ = std::move(message);
    if (receiver_) std::exchange(receiver_, nullptr).resume();
    if (!closing_) co_await taken_.wait();
  }
}

std::optional<OwnedMessage> ReconnectingWebSocket::Keeper::take_received() {
  auto message = std::exchange(received_, std::nullopt);
  taken_.set();
  return message;
}

Error ReconnectingWebSocket::Keeper::lost(const CloseInfo& info) const {
  std::string reason = "the WebSocket was closed with " + std::to_string(number(info.code));
  if (!info.reason.empty()) reason.append(": ").append(printable(info.reason));
  return {.step = Step::protocol,
          .code = ClientError::connection_closed,
          .peer = request_.url,
          .reason = std::move(reason)};
}

SendStatus ReconnectingWebSocket::Keeper::send(const Message& message) {
  if (over_ || closing_) return SendStatus::closed;
  if (current_.is_open()) return current_.send(message).status();
  if (options_.while_away == WhileAway::refuse) return SendStatus::closed;
  if (message.bytes().size() > options_.queue_bytes_max - queue_bytes_) return SendStatus::dropped;
  queue_bytes_ += message.bytes().size();
  queue_.emplace_back(message);
  return SendStatus::accepted;
}

void ReconnectingWebSocket::Keeper::close(websocket::CloseCode code, std::string_view reason) {
  if (std::exchange(closing_, true)) return;
  // Whoever is resumed below may be the last to hold it.
  const std::shared_ptr<Keeper> self = shared_from_this();
  welcomed_.close(code, reason);
  current_.close(code, reason);
  stop_.request_stop();
  // Not here and now, where the coroutine that calls may be one that ends with this.
  const auto wake = [its = weak_from_this()] {
    const auto there = its.lock();
    if (!there) return;
    there->taken_.set();  // nobody takes what was received any more
    there->closed_.set();
  };
  if (engine_ != nullptr) {
    engine_->loop().inbox()->post(wake);
  } else {
    wake();
  }
}

ReconnectingWebSocket keep_connected(const std::shared_ptr<ClientState>& client,
                                     detail::Bounds bounds, WebSocketRequest request,
                                     ReconnectOptions options) {
  auto keeper = std::make_shared<ReconnectingWebSocket::Keeper>(client, std::move(request),
                                                                std::move(options));
  ReconnectingWebSocket::Keeper::start(keeper, std::move(bounds));
  return ReconnectingWebSocket(std::move(keeper));
}

// ---------------------------------------------------------------------------- the user's side

ReconnectingWebSocket::ReconnectingWebSocket(std::shared_ptr<Keeper> keeper) noexcept
    : keeper_(std::move(keeper)) {}

ReconnectingWebSocket& ReconnectingWebSocket::operator=(ReconnectingWebSocket&& other) noexcept {
  ReconnectingWebSocket taken(std::move(other));
  std::swap(keeper_, taken.keeper_);
  return *this;
}

ReconnectingWebSocket::~ReconnectingWebSocket() {
  if (keeper_) keeper_->close(websocket::CloseCode::normal, {});
}

SendStatus ReconnectingWebSocket::send(std::string_view text) {
  return keeper_->send({websocket::Opcode::text, as_bytes(text)});
}

SendStatus ReconnectingWebSocket::send(ConstBytes binary) {
  return keeper_->send({websocket::Opcode::binary, binary});
}

ReconnectingWebSocket::Receive ReconnectingWebSocket::receive() noexcept {
  return Receive(keeper_);
}

bool ReconnectingWebSocket::is_connected() const noexcept {
  return keeper_->current().is_open();
}

WebSocket ReconnectingWebSocket::current() const noexcept {
  return keeper_->current();
}

std::uint64_t ReconnectingWebSocket::connections() const noexcept {
  return keeper_->connections();
}

void ReconnectingWebSocket::close(websocket::CloseCode code, std::string_view reason) {
  keeper_->close(code, reason);
}

std::optional<Error> ReconnectingWebSocket::error() const {
  return keeper_->error();
}

bool ReconnectingWebSocket::Receive::await_ready() const noexcept {
  return keeper_->may_receive_now();
}

void ReconnectingWebSocket::Receive::await_suspend(std::coroutine_handle<> waiter) noexcept {
  waiter_ = waiter;
  keeper_->wait_to_receive(waiter);
}

std::optional<OwnedMessage> ReconnectingWebSocket::Receive::await_resume() {
  waiter_ = nullptr;
  return keeper_->take_received();
}

ReconnectingWebSocket::Receive::~Receive() {
  if (waiter_ && keeper_) keeper_->forget_receiver();
}

}  // namespace duplex::client

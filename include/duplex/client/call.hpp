#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <duplex/base/compiler.hpp>
#include <duplex/base/task.hpp>
#include <duplex/client/blocking_websocket.hpp>
#include <duplex/client/reconnecting_websocket.hpp>
#include <duplex/client/request.hpp>
#include <duplex/client/response.hpp>
#include <duplex/client/result.hpp>
#include <duplex/client/websocket_request.hpp>

namespace duplex::client {

class Client;
class ClientState;
class Flow;

namespace detail {

/// What bounds a call besides its success.
struct Bounds {
  std::optional<std::chrono::milliseconds> deadline;
  std::stop_token stop;
};

/// A call that is going on in this thread: its time limit, who may stop it, and the client's end.
class Operation {
 public:
  Operation(std::shared_ptr<ClientState> client, Bounds bounds);
  virtual ~Operation();
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  /// Destroys what is going on, and resumes who waits. Called by the loop, when no coroutine is
  /// running.
  virtual void cut_off() noexcept = 0;

 protected:
  /// Begins in the loop of this thread; nullptr when the client has ended, which `end` tells then.
  /// Throws std::logic_error in a thread that runs no loop.
  Flow* begin();
  /// Nothing cuts it off any more; why it was, if it was.
  std::optional<Error> end() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// How a call begins; the flow outlives what is returned.
template <class T>
using Start = std::move_only_function<Task<Result<T>>(Flow*)>;

template <class T>
class CallAwaiter final : private Operation {
 public:
  CallAwaiter(std::shared_ptr<ClientState> client, Bounds bounds, Start<T> start)
      : Operation(std::move(client), std::move(bounds)), start_(std::move(start)) {}

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    Flow* const flow = begin();
    if (flow == nullptr) return false;
    task_ = start_(flow);
    return task_.begin(waiter);
  }
  Result<T> await_resume() {
    if (auto error = end()) return std::unexpected(std::move(*error));
    return task_.result();
  }

 private:
  void cut_off() noexcept override {
    task_ = {};
    waiter_.resume();
  }

  Start<T> start_;
  Task<Result<T>> task_;
  std::coroutine_handle<> waiter_;
};

/// Runs `task` in the client's own thread, and waits for its end; throws what it throws. Throws
/// std::logic_error in a thread that runs a loop, which would wait for itself.
void run_and_wait(const std::shared_ptr<ClientState>& client, Task<> task);
/// Lets `task` run in this thread's loop, or else in the client's own thread.
void spawn(const std::shared_ptr<ClientState>& client, Task<> task);

template <class T, class Awaitable>
Task<> keep_result(Awaitable awaitable, std::optional<T>& result) {
  result.emplace(co_await std::move(awaitable));
}

}  // namespace detail

/// Something that a client is asked to do, and has not begun yet. It is begun in one of three ways:
///
///   co_await client.get(url)                  in a coroutine of a duplex thread: a server's
///                                             handler, or what `Client::run` runs
///   client.get(url).wait()                    in any other thread, which waits
///   client.get(url).then([](auto result) {})  anywhere; the function is called once, in this
///                                             thread if it is a duplex thread, else in the
///                                             client's
///
/// Before that, further words say how: `.deadline(5s)`, `.field("Accept", "text/plain")`. They are
/// member functions, not an options struct, because GCC 12 destroys such a struct twice when it is
/// made inside of a co_await expression. They may be said in several steps, of a call that has a
/// name. It is begun once, so that it has to be given up for that: co_await std::move(call).
///
/// Destroying the coroutine that awaits it cancels it.
template <class Derived, class T>
class [[nodiscard]] Call {
 public:
  /// For all of it, redirections and content included: std::errc::timed_out then.
  Derived& deadline(std::chrono::milliseconds duration) & {
    bounds_.deadline = duration;
    return self();
  }
  Derived&& deadline(std::chrono::milliseconds duration) && {
    return std::move(this->deadline(duration));
  }
  /// Ends it when asked for, from any thread: std::errc::operation_canceled then.
  Derived& stop_on(std::stop_token token) & {
    bounds_.stop = std::move(token);
    return self();
  }
  Derived&& stop_on(std::stop_token token) && { return std::move(this->stop_on(std::move(token))); }

  /// A call with a name would be spent, and look as if it were not: co_await std::move(call).
  detail::CallAwaiter<T> operator co_await() & = delete;
  detail::CallAwaiter<T> operator co_await() && {
    auto start = self().start();  // which may set bounds
    return {client_, std::move(bounds_), std::move(start)};
  }

  /// Waits in this thread, which may not be one of duplex.
  Result<T> wait() && {
    std::optional<Result<T>> result;
    const auto client = client_;  // which moves with the rest
    detail::run_and_wait(client, detail::keep_result(std::move(self()), result));
    return std::move(*result);
  }

  /// Begins it, and has `callback` called with its result. An exception that the callback throws is
  /// logged.
  void then(std::move_only_function<void(Result<T>)> callback) && {
    const auto client = client_;  // which moves with the rest
    detail::spawn(client, call_back(std::move(self()), std::move(callback)));
  }

 protected:
  // For two levels of classes: the calls themselves, and what those of a kind have in common.
  // NOLINTNEXTLINE(bugprone-crtp-constructor-accessibility)
  explicit Call(std::shared_ptr<ClientState> client) noexcept : client_(std::move(client)) {}

  std::shared_ptr<ClientState> client_;
  detail::Bounds bounds_;

 private:
  Derived& self() noexcept { return static_cast<Derived&>(*this); }

  static Task<> call_back(Derived call, std::move_only_function<void(Result<T>)> callback) {
    Result<T> result = co_await std::move(call);
    callback(std::move(result));
  }
};

/// A request, with what all of its kind can be told.
template <class Derived, class T>
class [[nodiscard]] RequestCall : public Call<Derived, T> {
 public:
  /// Adds a field line. Throws std::invalid_argument when it may not stand in one.
  Derived& field(std::string_view name, std::string_view value) & {
    request_.fields.add(name, value);
    return self();
  }
  Derived&& field(std::string_view name, std::string_view value) && {
    return std::move(this->field(name, value));
  }
  /// Authorization with a name and a password (RFC 7617), or a token (RFC 6750). Throw
  /// std::invalid_argument as `http::basic_authorization` and `http::bearer_authorization`.
  Derived& basic(std::string_view user, std::string_view password) &;
  Derived&& basic(std::string_view user, std::string_view password) && {
    return std::move(this->basic(user, password));
  }
  Derived& bearer(std::string_view token) &;
  Derived&& bearer(std::string_view token) && { return std::move(this->bearer(token)); }
  Derived& redirects_max(std::uint32_t count) & {
    request_.redirects_max = count;
    return self();
  }
  Derived&& redirects_max(std::uint32_t count) && { return std::move(this->redirects_max(count)); }
  Derived& allow_downgrade() & {
    request_.allow_downgrade = true;
    return self();
  }
  Derived&& allow_downgrade() && { return std::move(this->allow_downgrade()); }
  Derived& expect_continue() & {
    request_.expect_continue = true;
    return self();
  }
  Derived&& expect_continue() && { return std::move(this->expect_continue()); }
  /// Takes the content as it is on the wire.
  Derived& undecoded() & {
    request_.decode = false;
    return self();
  }
  Derived&& undecoded() && { return std::move(this->undecoded()); }
  Derived& body_bytes_max(std::uint64_t bytes) & {
    request_.body_bytes_max = bytes;
    return self();
  }
  Derived&& body_bytes_max(std::uint64_t bytes) && {
    return std::move(this->body_bytes_max(bytes));
  }
  Derived& unix_socket(std::string_view path) & {
    request_.unix_path = path;
    return self();
  }
  Derived&& unix_socket(std::string_view path) && { return std::move(this->unix_socket(path)); }
  template <class Callable>
  Derived& on_upload(Callable&& callable) & {
    request_.on_upload = owned(std::forward<Callable>(callable));
    return self();
  }
  template <class Callable>
  Derived&& on_upload(Callable&& callable) && {
    return std::move(this->on_upload(std::forward<Callable>(callable)));
  }
  template <class Callable>
  Derived& on_download(Callable&& callable) & {
    request_.on_download = owned(std::forward<Callable>(callable));
    return self();
  }
  template <class Callable>
  Derived&& on_download(Callable&& callable) && {
    return std::move(this->on_download(std::forward<Callable>(callable)));
  }

 protected:
  // NOLINTNEXTLINE(bugprone-crtp-constructor-accessibility): as that of `Call`.
  RequestCall(std::shared_ptr<ClientState> client, Request request)
      : Call<Derived, T>(std::move(client)), request_(std::move(request)) {}

  Request request_;

 private:
  Derived& self() noexcept { return static_cast<Derived&>(*this); }

  template <class Callable>
  static Progress owned(Callable&& callable) {
    static_assert(!destroys_awaited_closures_twice || std::is_lvalue_reference_v<Callable> ||
                      std::is_trivially_destructible_v<std::decay_t<Callable>>,
                  "this compiler (GCC before 13) destroys a closure that is made inside of "
                  "co_await twice; give it a name first");
    return Progress(std::forward<Callable>(callable));
  }
};

/// Yields the whole response.
class [[nodiscard]] FetchCall : public RequestCall<FetchCall, Response> {
 private:
  friend Client;
  friend Call<FetchCall, Response>;
  using RequestCall::RequestCall;
  detail::Start<Response> start();
};

/// Yields a response whose content is read as it comes. Its deadline is for the head.
class [[nodiscard]] StreamCall : public RequestCall<StreamCall, ResponseStream> {
 public:
  /// What is read belongs to the thread that reads: await it, or run a coroutine that does.
  Result<ResponseStream> wait() && = delete;

 private:
  friend Client;
  friend Call<StreamCall, ResponseStream>;
  using RequestCall::RequestCall;
  detail::Start<ResponseStream> start();
};

/// Yields a file.
class [[nodiscard]] DownloadCall : public RequestCall<DownloadCall, Download> {
 public:
  /// Begins anew, whatever an earlier download has left.
  DownloadCall& from_the_start() & {
    resume_ = false;
    return *this;
  }
  DownloadCall&& from_the_start() && { return std::move(this->from_the_start()); }
  /// How often a transfer that breaks off is taken up again where it was.
  DownloadCall& retries_max(std::uint32_t count) & {
    retries_max_ = count;
    return *this;
  }
  DownloadCall&& retries_max(std::uint32_t count) && { return std::move(this->retries_max(count)); }

 private:
  friend Client;
  friend Call<DownloadCall, Download>;
  DownloadCall(std::shared_ptr<ClientState> client, Request request, std::string path)
      : RequestCall(std::move(client), std::move(request)), path_(std::move(path)) {}
  detail::Start<Download> start();

  std::string path_;
  bool resume_ = true;
  std::uint32_t retries_max_ = 3;
};

/// Yields an open WebSocket.
class [[nodiscard]] ConnectCall : public Call<ConnectCall, connection::WebSocket> {
 public:
  /// Offers subprotocols, the one that is liked best first.
  ConnectCall& subprotocols(std::initializer_list<std::string_view> names) &;
  ConnectCall&& subprotocols(std::initializer_list<std::string_view> names) && {
    return std::move(this->subprotocols(names));
  }
  ConnectCall& subprotocol(std::string_view name) & { return subprotocols({name}); }
  ConnectCall&& subprotocol(std::string_view name) && { return std::move(this->subprotocol(name)); }
  /// Offers compression of messages (permessage-deflate, RFC 7692).
  ConnectCall& compress(const websocket::DeflateOptions& options = {}) & {
    request_.offer.deflate = options;
    return *this;
  }
  ConnectCall&& compress(const websocket::DeflateOptions& options = {}) && {
    return std::move(this->compress(options));
  }
  ConnectCall& origin(std::string_view origin) &;
  ConnectCall&& origin(std::string_view origin) && { return std::move(this->origin(origin)); }
  ConnectCall& field(std::string_view name, std::string_view value) &;
  ConnectCall&& field(std::string_view name, std::string_view value) && {
    return std::move(this->field(name, value));
  }
  ConnectCall& basic(std::string_view user, std::string_view password) &;
  ConnectCall&& basic(std::string_view user, std::string_view password) && {
    return std::move(this->basic(user, password));
  }
  ConnectCall& bearer(std::string_view token) &;
  ConnectCall&& bearer(std::string_view token) && { return std::move(this->bearer(token)); }
  ConnectCall& limits(const WebSocketLimits& limits) &;
  ConnectCall&& limits(const WebSocketLimits& limits) && { return std::move(this->limits(limits)); }
  ConnectCall& redirects_max(std::uint32_t count) &;
  ConnectCall&& redirects_max(std::uint32_t count) && {
    return std::move(this->redirects_max(count));
  }
  ConnectCall& unix_socket(std::string_view path) &;
  ConnectCall&& unix_socket(std::string_view path) && { return std::move(this->unix_socket(path)); }

  /// Waits in this thread, which may not be one of duplex, for a socket that blocks.
  Result<BlockingWebSocket> wait() &&;

  /// Begins, and has the callbacks called: in this thread if it is a duplex thread, else in the
  /// client's. Throws std::invalid_argument for callbacks that contradict each other.
  void start(WebSocketHandlers handlers) &&;

  /// A socket that opens itself anew whenever it is lost. A deadline is for each attempt. In a
  /// duplex thread.
  ReconnectingWebSocket reconnecting(ReconnectOptions options = {}) &&;

 private:
  friend Client;
  friend Call<ConnectCall, connection::WebSocket>;
  ConnectCall(std::shared_ptr<ClientState> client, WebSocketRequest request);
  detail::Start<connection::WebSocket> start();

  WebSocketRequest request_;
};

}  // namespace duplex::client

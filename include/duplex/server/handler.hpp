#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include <duplex/base/task.hpp>
#include <duplex/server/body.hpp>
#include <duplex/server/request.hpp>
#include <duplex/server/response.hpp>

namespace duplex::server {

/// What answers the requests of a route. Made from any callable of one of these forms:
///
///   Response(const Request&)                       a function; gets the whole content
///   Task<Response>(const Request&)                 a coroutine; gets the whole content
///   Task<Response>(const Request&, BodyReader&)    a coroutine that reads the content as it comes
///
/// Called in the thread of the connection, and so in several threads at a time: a handler is
/// called as const, and guards what it shares. An exception becomes a logged 500.
class Handler {
 public:
  using Function = std::move_only_function<Response(const Request&) const>;
  using Coroutine = std::move_only_function<Task<Response>(const Request&) const>;
  using StreamingCoroutine =
      std::move_only_function<Task<Response>(const Request&, BodyReader&) const>;

  template <class Callable>
    requires(!std::same_as<std::remove_cvref_t<Callable>, Handler>)
  Handler(Callable&& callable) : callable_(wrap(std::forward<Callable>(callable))) {}

 private:
  friend class Dispatcher;
  using Any = std::variant<Function, Coroutine, StreamingCoroutine>;

  template <class Callable>
  static Any wrap(Callable&& callable) {
    using Const = const std::remove_cvref_t<Callable>&;
    if constexpr (std::is_invocable_r_v<Task<Response>, Const, const Request&, BodyReader&>) {
      return StreamingCoroutine(std::forward<Callable>(callable));
    } else if constexpr (std::is_invocable_r_v<Task<Response>, Const, const Request&>) {
      return Coroutine(std::forward<Callable>(callable));
    } else {
      static_assert(std::is_invocable_r_v<Response, Const, const Request&>,
                    "a handler is Response(const Request&), Task<Response>(const Request&) or "
                    "Task<Response>(const Request&, BodyReader&), and callable as const");
      return Function(std::forward<Callable>(callable));
    }
  }

  Any callable_;
};

/// The rest of the chain behind a middleware: the next one, at last the route's handler.
class Next {
 public:
  /// Runs the rest and yields its response. Once.
  Task<Response> operator()() const;

 private:
  friend class Dispatcher;
  struct Chain;
  explicit Next(const Chain& chain, std::size_t position) noexcept
      : chain_(&chain), position_(position) {}
  const Chain* chain_;
  std::size_t position_;
};

/// What stands before handlers. Made from any callable of one of these forms:
///
///   std::optional<Response>(const Request&)          a filter: answers, or lets the request pass
///   Task<Response>(const Request&, Next)             a wrapper: `auto response = co_await next();`
///
/// Filters stand before WebSocket upgrades too; wrappers only before what answers in HTTP
/// (handlers, folders, errors such as 404), and make a coroutine of each request. Called as
/// handlers are.
///
/// All filters run before all wrappers, whatever the order in which they were added, which counts
/// among filters and among wrappers. So what a filter answers no wrapper sees, nor can add fields
/// to; and what is to stand behind a wrapper, or to have its answers seen, is a wrapper itself.
///
/// Of a folder's file a wrapper sees the status that it is answered with (404, 304, 206), and may
/// answer otherwise instead. The file of a `Response::file` is looked for only behind the wrappers.
class Middleware {
 public:
  using Filter = std::move_only_function<std::optional<Response>(const Request&) const>;
  using Wrapper = std::move_only_function<Task<Response>(const Request&, Next) const>;

  template <class Callable>
    requires(!std::same_as<std::remove_cvref_t<Callable>, Middleware>)
  Middleware(Callable&& callable) : callable_(wrap(std::forward<Callable>(callable))) {}

 private:
  friend class Dispatcher;
  using Any = std::variant<Filter, Wrapper>;

  template <class Callable>
  static Any wrap(Callable&& callable) {
    using Const = const std::remove_cvref_t<Callable>&;
    if constexpr (std::is_invocable_r_v<Task<Response>, Const, const Request&, Next>) {
      return Wrapper(std::forward<Callable>(callable));
    } else {
      static_assert(std::is_invocable_r_v<std::optional<Response>, Const, const Request&>,
                    "a middleware is std::optional<Response>(const Request&) or "
                    "Task<Response>(const Request&, Next), and callable as const");
      return Filter(std::forward<Callable>(callable));
    }
  }

  Any callable_;
};

}  // namespace duplex::server

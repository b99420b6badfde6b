#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <duplex/http/method.hpp>
#include <duplex/server/handler.hpp>
#include <duplex/server/options.hpp>
#include <duplex/server/static_files_options.hpp>
#include <duplex/server/websocket_endpoint.hpp>
#include <duplex/websocket/prepared_message.hpp>

namespace duplex::server {

/// The system refuses to listen at an address: it is taken, say, or not this machine's. Another one
/// may do. `what` is a sentence that names the address and says why.
class ListenError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An HTTP and WebSocket server: routes, where to listen, and the threads that do it.
///
/// Set up first (routes, middleware, `listen`, signals), by one thread, which throws
/// std::logic_error later; then `run`, or `start` and `wait`. Only `publish`, `stop`, `statistics`
/// and `reload_certificates` may be called from any thread, at any time, and `wait` from any but
/// the server's own. What is wrong with the set-up is told by exceptions.
class Server {
 public:
  explicit Server(ServerOptions options = {});
  /// Stops, with no time for what is open, and waits for the threads.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Answers requests of `method` whose path matches `pattern`: segments are literal, `{name}` for
  /// one segment, or a last `{name...}` for all that is left. A literal is preferred to `{name}`,
  /// and that to `{name...}`. A GET route answers HEAD too. Throws std::invalid_argument for a
  /// pattern that is malformed or taken.
  void route(http::Method method, std::string_view pattern, Handler handler);
  void get(std::string_view pattern, Handler handler);
  void post(std::string_view pattern, Handler handler);
  void put(std::string_view pattern, Handler handler);
  void patch(std::string_view pattern, Handler handler);
  void delete_(std::string_view pattern, Handler handler);
  void options(std::string_view pattern, Handler handler);

  /// Upgrades to WebSocket what asks for it at `pattern`. A plain request there is answered 426,
  /// unless the path has routes of its own.
  void websocket(std::string_view pattern, WebSocketEndpoint endpoint);

  /// Serves a folder's files below `prefix`. Routes have precedence. Throws std::system_error when
  /// the folder can't be opened.
  void files(std::string_view prefix, const StaticFilesOptions& options);

  /// Puts `middleware` before all handlers, behind those of its kind that were added before; all
  /// filters stand before all wrappers (see `Middleware`).
  void use(Middleware middleware);
  /// Only before paths that begin with the segments of `prefix`.
  void use(std::string_view prefix, Middleware middleware);

  /// Listens, at once: connections wait in the kernel until the server runs. The answer is the
  /// port; 0 for a Unix socket. Throws std::invalid_argument for what is no address and for options
  /// that contradict each other, ListenError when the system refuses the address, and another
  /// std::runtime_error when a certificate can't be used, in words that say what to change.
  std::uint16_t listen(const ListenOptions& options);
  /// The same at `127.0.0.1:8080`, `[::1]:8080`, `:8080` (every address of this machine),
  /// `localhost:8080` or `unix:/path`.
  std::uint16_t listen(std::string_view address);

  /// Serves until `stop`, in this thread and as many others as it takes to be
  /// `ServerOptions::threads`. SIGPIPE is blocked meanwhile. A server runs once: std::logic_error
  /// for a second time.
  void run();
  /// The same in threads of its own only.
  void start();
  /// Waits until all threads have ceased to serve.
  void wait();

  /// Stops accepting, lets responses in flight and sessions of WebSockets go on to their ends,
  /// closes WebSockets with 1001, and cuts off what is left at the deadline; the earliest, when it
  /// is called again. Returns at once. Any thread.
  void stop(StopOptions options = {});

  /// Stops, as `stop` does, at SIGINT (Ctrl-C) or SIGTERM, also where the program was begun with
  /// these ignored or blocked, and whichever worker is busy; the next of either ends the program at
  /// once. Otherwise as `on_signal`.
  void stop_on_signals(StopOptions options = {});

  /// Calls `handler` when `signal` has come, in the thread of the first worker, which goes on
  /// serving behind it: anything may be called that may be in a request's handler, and what takes
  /// long holds up that worker's connections. Several signals at once may count as one. Replaces
  /// what was said of this signal before, to the server or by sigaction; when the server has ended,
  /// the latter holds again. To be called before it is started. Of several servers one can be told
  /// of a signal: have its handler tell the others. Throws std::logic_error when it's too late or
  /// another has the signal, and std::invalid_argument for what can't be waited for, such as
  /// SIGKILL, SIGSEGV and SIGPIPE, and for an empty handler.
  void on_signal(int signal, std::function<void()> handler);

  /// Sends to all subscribers of `topic`, in all threads; encoded once, and compressed once for all
  /// who have agreed on the same, unless a `PreparedMessage` says otherwise. Any thread. What one
  /// thread publishes to a topic arrives in that order.
  ///
  /// When a thread can't deliver as fast, the connection whose input is being worked on is not read
  /// from until it has caught up. What is published out of other places (threads of your own,
  /// behind `offload` or `sleep_for`) nobody slows down: look at the status.
  connection::PublishStatus publish(std::string_view topic,
                                    const websocket::PreparedMessage& message);
  connection::PublishStatus publish(std::string_view topic, const connection::Message& message);
  connection::PublishStatus publish(std::string_view topic, std::string_view text);

  /// Reads the certificates and keys of all encrypted listeners anew. Connections that come from
  /// then on get the new ones; those that are open are not touched. When anything is wrong with any
  /// of them, all stay as they were, and the error is a sentence that says what; it's logged too.
  /// Blocks for as long as reading takes. Any thread.
  std::expected<void, std::string> reload_certificates();

  Statistics statistics() const;

 private:
  class Running;
  std::unique_ptr<Running> state_;
};

}  // namespace duplex::server

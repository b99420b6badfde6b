#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <duplex/base/task.hpp>
#include <duplex/client/call.hpp>
#include <duplex/client/options.hpp>

namespace duplex::client {

/// An HTTP and WebSocket client.
///
/// Made once, used by many: it keeps connections for further requests. All calls may be made from
/// any thread; see `Call` for how they go on. In a thread of duplex (a server's worker, or a
/// client's own) all is done in that thread, with connections of its own; from elsewhere, in a
/// thread that the client starts when it is first needed.
class Client {
 public:
  /// Throws std::invalid_argument for options that can't be, and std::runtime_error for
  /// certificates that can't be used, in words that say what to change.
  explicit Client(ClientOptions options = {});
  /// Ends all that is going on, with std::errc::operation_canceled, and says goodbye to WebSockets.
  /// Not in the client's own thread, where it would wait for itself: what is spawned must not be
  /// the last to hold it. That ends the program with a sentence that says so.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  FetchCall get(std::string_view url) const;
  FetchCall head(std::string_view url) const;
  FetchCall post(std::string_view url, Content content) const;
  FetchCall put(std::string_view url, Content content) const;
  FetchCall patch(std::string_view url, Content content) const;
  FetchCall delete_(std::string_view url) const;
  FetchCall options(std::string_view url) const;
  FetchCall send(Request request) const;

  /// A response whose content is read as it comes.
  StreamCall stream(std::string_view url) const;
  StreamCall stream(Request request) const;

  /// A GET into a file, which appears at `path` when all of it has come. What is incomplete is kept
  /// beside it, as `path.part`, and is taken up again by the next download of the same, if the
  /// server still has the same (RFC 9110 sections 13.1.5 and 14.2).
  DownloadCall download(std::string_view url, std::string path) const;

  /// Opens a WebSocket.
  ConnectCall connect(std::string_view url) const;
  ConnectCall connect(WebSocketRequest request) const;

  /// Runs a coroutine in the client's thread, and waits for its result; an exception that leaves it
  /// is thrown here. Not in a thread of duplex.
  template <class T>
  T run(Task<T> task) const {
    if constexpr (std::is_void_v<T>) {
      detail::run_and_wait(state_, std::move(task));
    } else {
      std::optional<T> result;
      detail::run_and_wait(state_, detail::keep_result(std::move(task), result));
      return std::move(*result);
    }
  }

  /// Lets a coroutine run beside all others, in this thread if it is one of duplex, else in the
  /// client's. It is destroyed with the client, at the latest; an exception that leaves it is
  /// logged.
  void spawn(Task<> task) const { detail::spawn(state_, std::move(task)); }

  ClientStatistics statistics() const;

 private:
  std::shared_ptr<ClientState> state_;
};

}  // namespace duplex::client

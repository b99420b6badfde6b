#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <duplex/base/task.hpp>
#include <duplex/client/client.hpp>
#include <duplex/client/reconnecting_websocket.hpp>
#include <duplex/connection/websocket.hpp>
#include <duplex/net/async.hpp>

namespace client_driver {

using duplex::Task;
using nlohmann::json;

/// Each command has a number of its own, which all that is told about it carries.
using Id = std::uint64_t;

/// Standard output, one JSON object a line. Any thread.
class Output {
 public:
  /// What came of a command; the last that is told about it.
  void result(Id id, json result);
  /// What happens meanwhile.
  void event(Id id, std::string_view name, json details = json::object());
  /// A line of the client's log.
  void log(std::string_view level, std::string_view text);

 private:
  void line(const json& object);
  std::mutex mutex_;
};

/// To tell `call` something more: its words are for what may be moved from, but do not move it.
template <class Call>
Call&& tell(Call& call) noexcept {
  return static_cast<Call&&>(call);
}

/// A client, and all that it is told to do. Commands come from the main thread; what they begin
/// runs in the client's, but for what is told to block, which has a thread of its own.
class Driver {
 public:
  explicit Driver(const json& options);
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  /// Begins what `command` says, and returns.
  void begin(const json& command);

  Output& output() noexcept { return output_; }
  duplex::client::Client& client() noexcept { return client_; }

  /// Ends when the command `id` is cancelled.
  std::stop_source stop_source(Id id);
  /// Waits until a command `go` names `id`.
  Task<> gate(Id id);
  /// Runs what blocks.
  void in_a_thread(std::function<void()> work);

  // For the client's thread only.
  std::map<Id, duplex::connection::WebSocket> sockets;
  /// Shared with the coroutine that receives, which may outlive the driver's interest.
  std::map<Id, std::shared_ptr<duplex::client::ReconnectingWebSocket>> reconnecting;

 private:
  Task<> run(json command);
  Task<> forget_everything();

  Output output_;
  std::mutex mutex_;
  std::map<Id, std::stop_source> stops_;
  std::map<Id, duplex::net::Completion<bool>::Resolver> gates_;
  std::vector<std::thread> threads_;
  duplex::client::Client client_;
};

// The commands, in the ways that a client offers: awaited, waited for, and with a call back. Each
// tells its own result.
Task<> fetch(Driver& driver, json command);
void fetch_blocking(Driver& driver, const json& command);
void fetch_and_call(Driver& driver, const json& command);
Task<> stream(Driver& driver, json command);
Task<> download(Driver& driver, json command);
Task<> connect(Driver& driver, json command);
/// All that is done with a socket that is open.
Task<> talk(Driver& driver, json command);
void connect_blocking(Driver& driver, const json& command);
void connect_callbacks(Driver& driver, const json& command);
Task<> reconnect(Driver& driver, json command);
Task<> talk_reconnecting(Driver& driver, json command);
/// Sends and receives at once, as much as is asked for, and checks each message.
Task<> both_ways(Driver& driver, json command);

}  // namespace client_driver

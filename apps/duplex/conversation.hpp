#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "action.hpp"
#include "color.hpp"
#include "connect_options.hpp"
#include "inflow.hpp"
#include "wire_report.hpp"
#include <duplex/duplex.hpp>

namespace duplex::app {

/// Who sees a conversation. All is called in the client's thread.
class Audience {
 public:
  virtual ~Audience() = default;

  /// A message came. May wait, and the server with it; false when nobody wants more.
  virtual Task<bool> received(OwnedMessage message) = 0;
  /// The same behind our goodbye, when there is no waiting any more.
  virtual void received_last(OwnedMessage message) = 0;
  /// A message went out.
  virtual void sent(const Message& message) = 0;
  /// Something happened that is worth a line or more, not escaped where the peer wrote it.
  virtual void note(std::string_view text, Style style) = 0;
  /// Heads as they went over the wire; for `--verbose`.
  virtual void heads(std::string_view request, std::string_view response) = 0;
  /// Nothing will follow.
  virtual void ended() = 0;
};

/// One WebSocket, or several in a row, from the first attempt to the end: what `duplex connect`
/// does, whoever it does it for.
///
/// Is to outlive the client.
class Conversation {
 public:
  using Actions = Inflow<Action>;

  /// Everything must outlive it.
  Conversation(const ConnectOptions& options, Actions& actions, Audience& audience) noexcept;
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  /// In the client's thread, once: does what comes in the actions until they end, or the server has
  /// enough. What went wrong has been told to the audience; `status` is for the exit.
  Task<> run(const Client& client, int& status);

  /// Any other thread, while `client` lives: says goodbye, also when it is not connected yet.
  void interrupt(const Client& client);

 private:
  using Clock = std::chrono::steady_clock;
  /// Why it has ended, when a call has failed.
  using Failure = std::optional<client::Error>;

  Task<int> run_within_limit();
  Task<Failure> converse();
  Task<Failure> talk_once();
  Task<Failure> talk_again_and_again();
  Task<> begin(WebSocket socket, bool again);
  template <class Socket>
  Task<> receive_all(Socket& socket);
  Task<bool> take(OwnedMessage message);
  Task<> send_all();
  void note_sent(const Message& message);
  void note_compression(const MessageTally& tally, const Message& message);
  Task<> perform(Action action);
  Task<> send(Message message);
  Task<> send_file(const SendFile& file);
  Task<> measure_round_trip();
  Task<> ping_regularly();
  Task<> wait_for_answers();
  Task<> say_goodbye();
  Task<> until_connected();
  void start(Task<> task);
  void close(const Close& how);
  client::ConnectCall call();
  client::WebSocketRequest request();
  client::ReconnectOptions reconnect_options();
  Task<> give_up();
  int status(const Failure& failure) const;

  const Client* client_ = nullptr;
  const ConnectOptions& options_;
  Actions& actions_;
  Audience& audience_;

  WebSocket socket_;
  std::unique_ptr<client::ReconnectingWebSocket> reconnecting_;
  std::optional<net::Completion<bool>::Resolver> connection_awaited_;
  /// What runs beside receiving; ends with it.
  std::vector<Task<>> beside_;
  std::stop_source stop_;
  /// For `--verbose`.
  MessageTally messages_in_;
  MessageTally messages_out_;
  std::uint64_t received_ = 0;
  Clock::time_point heard_;
  bool delivering_ = false;
  bool closing_ = false;
};

}  // namespace duplex::app

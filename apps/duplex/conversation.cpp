#include "conversation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <type_traits>
#include <utility>
#include <variant>

#include "exit_status.hpp"
#include "failure_report.hpp"
#include "files.hpp"
#include "subcommand.hpp"
#include "transcript.hpp"
#include <duplex/base/utf8.hpp>

namespace duplex::app {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// How often is looked whether the system has taken all.
constexpr milliseconds drain_interval = 10ms;

bool is_sent(SendStatus status) noexcept {
  return status == SendStatus::accepted || status == SendStatus::backlogged;
}

std::string describe_wait(std::uint32_t delay_ms) {
  return readable_duration(milliseconds(delay_ms));
}

}  // namespace

Conversation::Conversation(const ConnectOptions& options, Actions& actions,
                           Audience& audience) noexcept
    : options_(options), actions_(actions), audience_(audience) {}

Task<> Conversation::run(const Client& client, int& status) {
  client_ = &client;
  try {
    status = co_await run_within_limit();
  } catch (const std::exception& error) {
    audience_.note(error.what(), Style::warning);
    status = exit_failure;
  }
  // Nothing of the client's is to be kept beyond its end.
  beside_.clear();
  reconnecting_.reset();
  socket_ = {};
  actions_.abandon();
  audience_.ended();
}

Task<int> Conversation::run_within_limit() {
  if (!options_.client.time_max) {
    const Failure failure = co_await converse();
    co_return status(failure);
  }
  const std::optional<Failure> failure =
      co_await net::within(*options_.client.time_max, converse());
  if (failure) co_return status(*failure);
  co_await give_up();
  co_return exit_timed_out;
}

/// When the time is up.
Task<> Conversation::give_up() {
  beside_.clear();
  audience_.note(
      fmt::format("the time is up, after {}", readable_duration(*options_.client.time_max)),
      Style::warning);
  if (!socket_.is_open()) co_return;
  close({});
  Task<> goodbye = say_goodbye();
  co_await net::within(milliseconds(options_.limits.close_ms_max), std::move(goodbye));
}

void Conversation::interrupt(const Client& client) {
  stop_.request_stop();
  const auto goodbye = [](Conversation& conversation) -> Task<> {
    conversation.close({});
    co_return;
  };
  client.spawn(goodbye(*this));
}

/// What remains to be received behind our close frame.
Task<> Conversation::say_goodbye() {
  while (auto message = co_await socket_.receive()) {
    note_compression(messages_in_, *message);
    audience_.received_last(*std::move(message));
  }
}

Task<Conversation::Failure> Conversation::converse() {
  if (options_.reconnect) return talk_again_and_again();
  return talk_once();
}

Task<Conversation::Failure> Conversation::talk_once() {
  client::ConnectCall connect = call();
  client::Result<WebSocket> connected = co_await std::move(connect);
  if (!connected) co_return std::move(connected.error());
  co_await begin(*std::move(connected), false);
  start(send_all());
  co_await receive_all(socket_);
  co_return std::nullopt;
}

Task<Conversation::Failure> Conversation::talk_again_and_again() {
  reconnecting_ =
      std::make_unique<client::ReconnectingWebSocket>(call().reconnecting(reconnect_options()));
  start(send_all());
  co_await receive_all(*reconnecting_);
  co_return reconnecting_->error();
}

/// With every new connection.
Task<> Conversation::begin(WebSocket socket, bool again) {
  socket_ = std::move(socket);
  heard_ = Clock::now();
  const auto subprotocol = socket_.subprotocol();
  const auto deflate = socket_.deflate();
  audience_.note(fmt::format("connected to {}{}{}{}", options_.url, again ? " again" : "",
                             subprotocol.empty() ? "" : fmt::format(", {}", subprotocol),
                             deflate ? ", compressed" : ""),
                 Style::note);
  if (options_.client.verbose) {
    audience_.note(fmt::format("the peer is {}", socket_.peer()), Style::faint);
    if (const auto session = socket_.tls()) audience_.note(describe_tls(*session), Style::faint);
    if (options_.offer.deflate) audience_.note(describe_deflate(deflate), Style::faint);
  }
  if (options_.ping_interval && !again) start(ping_regularly());
  if (const auto waiter = std::exchange(connection_awaited_, std::nullopt)) waiter->resolve(true);
  co_return;
}

template <class Socket>
Task<> Conversation::receive_all(Socket& socket) {
  while (true) {
    std::optional<OwnedMessage> message = co_await socket.receive();
    if (!message) co_return;
    heard_ = Clock::now();
    note_compression(messages_in_, *message);
    if (options_.count && received_ >= *options_.count) continue;
    ++received_;
    const bool wanted = co_await take(*std::move(message));
    if (!wanted || received_ == options_.count) close({});
  }
}

Task<bool> Conversation::take(OwnedMessage message) {
  if (closing_) {
    audience_.received_last(std::move(message));
    co_return true;
  }
  delivering_ = true;
  const bool wanted = co_await audience_.received(std::move(message));
  delivering_ = false;
  heard_ = Clock::now();
  co_return wanted;
}

Task<> Conversation::send_all() {
  while (true) {
    std::vector<Action> actions = co_await actions_.take();
    if (actions.empty()) break;
    for (Action& action : actions) {
      const auto* const message = std::get_if<SendMessage>(&action);
      if (message == nullptr) {
        co_await perform(std::move(action));
        continue;
      }
      // Awaited here, and not in a task of its own: of those, the many that end at once would fill
      // the stack where the compiler makes no tail calls.
      const Message view(message->opcode, as_bytes(message->payload));
      const SendStatus status = co_await socket_.send(view);
      if (is_sent(status)) {
        note_sent(view);
      } else if (reconnecting_) {
        co_await send(view);
      }
    }
  }
  if (!options_.wait || closing_) co_return;
  co_await until_connected();
  co_await wait_for_answers();
  close({});
}

void Conversation::note_sent(const Message& message) {
  note_compression(messages_out_, message);
  audience_.sent(message);
}

/// How large the message was on the wire, where that is another size than its own.
void Conversation::note_compression(const MessageTally& tally, const Message& message) {
  const std::string sizes = tally.describe(message);
  if (!sizes.empty()) audience_.note(sizes, Style::faint);
}

Task<> Conversation::perform(Action action) {
  if (const auto* const file = std::get_if<SendFile>(&action)) {
    co_await send_file(*file);
  } else if (std::holds_alternative<Ping>(action)) {
    co_await until_connected();
    start(measure_round_trip());
  } else if (const auto* const goodbye = std::get_if<Close>(&action)) {
    close(*goodbye);
  } else {
    audience_.note(action_help, Style::note);
  }
}

/// Sends a message whatever becomes of connections meanwhile, unless there will be no other.
Task<> Conversation::send(Message message) {
  while (true) {
    co_await until_connected();
    if (closing_) co_return;
    const SendStatus status = co_await socket_.send(message);
    if (is_sent(status)) {
      note_sent(message);
      co_return;
    }
    if (!reconnecting_) co_return;
  }
}

Task<> Conversation::send_file(const SendFile& file) {
  std::string content;
  std::string failure;
  try {
    auto read = [&] {
      return read_file(file.path, static_cast<std::size_t>(options_.limits.message_bytes_max));
    };
    content = co_await net::offload(read);
    if (file.opcode == websocket::Opcode::text && !is_valid_utf8(as_bytes(content))) {
      failure =
          fmt::format("{} is not UTF-8, as text has to be; /file sends it as it is", file.path);
    }
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (!failure.empty()) {
    audience_.note(failure, Style::warning);
    co_return;
  }
  co_await send(Message(file.opcode, as_bytes(content)));
}

Task<> Conversation::measure_round_trip() {
  const std::optional<std::chrono::microseconds> duration = co_await socket_.round_trip();
  if (!duration) co_return;
  audience_.note(fmt::format("the answer to a ping took {}", readable_duration(*duration)),
                 Style::note);
}

Task<> Conversation::ping_regularly() {
  while (true) {
    co_await net::sleep_for(*options_.ping_interval);
    if (socket_.is_open()) co_await measure_round_trip();
  }
}

/// Until all has been sent, and the server has been silent for long enough.
Task<> Conversation::wait_for_answers() {
  while (socket_.is_open() && socket_.buffered_bytes() > 0) {
    co_await net::sleep_for(drain_interval);
  }
  heard_ = Clock::now();
  while (!closing_) {
    const auto now = Clock::now();
    // A message that nobody takes is no silence of the server's.
    const auto end = (delivering_ ? now : heard_) + *options_.wait;
    if (now >= end) break;
    const auto rest = std::chrono::ceil<milliseconds>(end - now);
    co_await net::sleep_for(rest);
  }
}

/// Only `reconnecting_` has times without a connection.
Task<> Conversation::until_connected() {
  while (reconnecting_ && !socket_.is_open() && !closing_) {
    net::Completion<bool> connected;
    connection_awaited_.emplace(connected.resolver());
    co_await connected;
  }
}

void Conversation::start(Task<> task) {
  std::erase_if(beside_, [](const Task<>& each) { return each.done(); });
  beside_.push_back(std::move(task));
  // It may start others in its turn, which move it.
  Task<>& started = beside_.back();
  started.start();
}

void Conversation::close(const Close& how) {
  closing_ = true;
  if (reconnecting_) {
    reconnecting_->close(how.code, how.reason);
  } else {
    socket_.close(how.code, how.reason);
  }
  if (const auto waiter = std::exchange(connection_awaited_, std::nullopt)) waiter->resolve(false);
}

client::ConnectCall Conversation::call() {
  client::ConnectCall connect = client_->connect(request()).stop_on(stop_.get_token());
  if (const auto limit = options_.client.connect_time_max) {
    return std::move(connect).deadline(*limit);
  }
  return connect;
}

client::WebSocketRequest Conversation::request() {
  client::WebSocketRequest request(options_.url);
  request.offer = options_.offer;
  request.limits = options_.limits;
  request.unix_path = options_.client.unix_path;
  if (options_.client.verbose) {
    request.on_handshake = [this](std::string_view sent, std::string_view received) {
      audience_.heads(sent, received);
    };
    request.on_frame = [this](const FrameInfo& frame) {
      (frame.incoming ? messages_in_ : messages_out_).add(frame);
      audience_.note(describe_frame(frame), Style::faint);
    };
  }
  return request;
}

client::ReconnectOptions Conversation::reconnect_options() {
  client::ReconnectOptions options;
  options.while_away = client::WhileAway::refuse;
  options.on_connected = [this](WebSocket socket, bool again) {
    return begin(std::move(socket), again);
  };
  options.on_lost = [this](const client::Error& error, std::uint32_t delay_ms) {
    audience_.note(
        fmt::format("{}\nnext attempt in {}", describe_failure(error), describe_wait(delay_ms)),
        Style::warning);
  };
  if (const auto limit = options_.client.connect_time_max) {
    options.attempt_ms_max = static_cast<std::uint32_t>(limit->count());
  }
  return options;
}

/// The exit status, and the last words.
int Conversation::status(const Failure& failure) const {
  if (failure) {
    // Asked to stop before there was a connection, or between two.
    if (closing_ || (failure->cancelled() && stop_.stop_requested())) return exit_success;
    audience_.note(describe_failure(*failure), Style::warning);
    return exit_status_of(*failure);
  }
  const std::optional<CloseInfo> end = socket_.close_info();
  if (!end) return exit_success;
  // After our goodbye any of the server's will do.
  const bool fine =
      exit_status_of(end->code) == exit_success || (closing_ && end->code != CloseCode::abnormal);
  audience_.note(describe_close(*end), fine ? Style::note : Style::warning);
  return fine ? exit_success : exit_status_of(end->code);
}

}  // namespace duplex::app

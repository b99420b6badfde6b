#include "trial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <variant>

#include "http_head.hpp"
#include "incoming.hpp"
#include "payloads.hpp"
#include "printable.hpp"
#include "stopped.hpp"
#include <duplex/base/ascii.hpp>

namespace duplex::app::check {
namespace {

using namespace std::chrono_literals;

/// Of what a server answers instead of a 101.
constexpr std::size_t shown_bytes_max = 200;

/// The rest of a body, an echo after another message, and the end are not waited for any longer.
constexpr auto patience = 1s;

/// No letters: whether those come back as they were, cases find out.
constexpr std::string_view trial_text = "1234567890";

constexpr std::string_view key = "AQIDBAUGBwgJCgsMDQ4PEA==";

class Trial {
 public:
  Trial(Wire wire, const PeerUnderTest& server, Wire::Time deadline)
      : wire_(std::move(wire)), server_(server), deadline_(deadline) {}

  std::string run() {
    transmit(opening_request(server_, key).text());
    std::optional<HttpHead> response;
    try {
      response = receive_head();
    } catch (const std::invalid_argument& fault) {
      return of_no_http(fault.what());
    }
    if (!response) return no_response();
    if (response->status() != 101) return of_refusal(*response);
    // No frames need to follow what has not opened the WebSocket; the cases tell.
    if (!what_is_wrong_with_response(*response, key).empty()) return {};
    try {
      return of_echo();
    } catch (const PeerFault&) {
      return {};
    }
  }

 private:
  void transmit(std::string_view bytes) { heed(wire_.send(bytes, deadline_)); }

  /// False when nothing has come by then.
  static bool heed(Wire::Wait wait) {
    if (wait == Wire::Wait::stopped) throw Stopped();
    return wait == Wire::Wait::done;
  }

  /// nullopt when it doesn't come. Throws std::invalid_argument.
  std::optional<HttpHead> receive_head() {
    while (true) {
      if (auto head = wire_.take(take_head)) return head;
      // Who speaks another protocol need not end a line.
      const std::string_view http = "HTTP/";
      const std::string_view begin = wire_.input().substr(0, http.size());
      if (!http.starts_with(begin)) throw std::invalid_argument("it does not begin with HTTP/");
      if (wire_.ended() || !heed(wire_.receive(deadline_))) return std::nullopt;
    }
  }

  std::string no_response() const {
    if (!wire_.input().empty()) return "its response ended in the middle";
    return wire_.ended() ? "it ended the connection without a response"
                         : "it gave no response in time";
  }

  std::string of_no_http(std::string_view fault) {
    const std::string_view input = wire_.input();
    // Only its fields are not as they should be.
    if (input.starts_with("HTTP/1.1 101")) return {};
    if (input.starts_with("HTTP/")) return fmt::format("its response is not HTTP: {}", fault);
    constexpr std::string_view tls_alert = "\x15\x03";
    return fmt::format("it answered something that is not HTTP: {}{}", shown(input),
                       input.starts_with(tls_alert) ? "; this is TLS, so try wss://" : "");
  }

  std::string of_refusal(const HttpHead& response) {
    std::string text =
        fmt::format("it answered {} to the opening handshake", printable(response.start_line));
    if (const auto location = response.find("Location")) {
      return text + ", which leads to " + printable(*location);
    }
    const std::string body = beginning_of_body(response);
    const std::size_t size = body.find_last_not_of(" \t\r\n") + 1;
    if (size > 0) text += ": " + shown(std::string_view(body).substr(0, size));
    return text;
  }

  static std::string shown(std::string_view text) {
    const std::string_view begin = cut_text(text, shown_bytes_max);
    return printable(begin) + (begin.size() < text.size() ? "..." : "");
  }

  std::string beginning_of_body(const HttpHead& response) {
    const std::string_view length = response.find("Content-Length").value_or("");
    // One byte more, to see whether that is all.
    std::size_t wanted = shown_bytes_max + 1;
    if (const auto bytes = parse_decimal(trim(length))) {
      wanted = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, *bytes));
    }
    const Wire::Time until = std::min(deadline_, Wire::Clock::now() + patience);
    const bool chunked = response.find("Transfer-Encoding").has_value();
    while (true) {
      std::string_view body = wire_.input();
      if (chunked) body = first_chunk(body);
      const bool all = body.size() >= wanted || (chunked && wire_.input().ends_with("0\r\n\r\n"));
      if (all || wire_.ended() || !heed(wire_.receive(until))) {
        return std::string(body.substr(0, wanted));
      }
    }
  }

  /// As far as it has come (RFC 9112 section 7.1).
  static std::string_view first_chunk(std::string_view body) {
    const std::size_t line_end = body.find("\r\n");
    if (line_end == std::string_view::npos) return {};
    const std::string_view digits = body.substr(0, line_end);
    std::size_t size = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
    return body.substr(line_end + 2, size);
  }

  std::string of_echo() {
    const Message message = text(std::string(trial_text));
    transmit(encode(whole(message), End::client, mask));
    const auto first = next(deadline_);
    if (!first) return not_an_echo + "no answer to a text message came in time";
    if (is_echo(*first)) {
      say_goodbye();
      return {};
    }
    if (std::holds_alternative<EndOfStream>(*first)) {
      return not_an_echo + "it answered a text message by ending the connection";
    }
    const bool is_greeting = std::holds_alternative<Message>(*first) && echo_follows();
    if (is_greeting) {
      return fmt::format(
          "it sends a message before it got one ({}); what is checked has to echo, and to say "
          "nothing else",
          describe(*first));
    }
    return fmt::format("{}it answered a text message with {}", not_an_echo, describe(*first));
  }

  bool echo_follows() {
    const Wire::Time until = std::min(deadline_, Wire::Clock::now() + patience);
    while (const auto event = next(until)) {
      if (is_echo(*event)) return true;
      if (!std::holds_alternative<Message>(*event)) return false;
    }
    return false;
  }

  /// As binary, too: that it should be text, the cases tell.
  static bool is_echo(const Event& event) {
    const auto* const message = std::get_if<Message>(&event);
    return message != nullptr && message->payload == trial_text;
  }

  /// What comes, without pings and pongs; nullopt when nothing does.
  std::optional<Event> next(Wire::Time until) {
    while (true) {
      auto event = wire_.take([this](std::string_view& input) { return incoming_.next(input); });
      if (!event) {
        if (wire_.ended()) return EndOfStream{.reset = wire_.reset()};
        if (!heed(wire_.receive(until))) return std::nullopt;
        continue;
      }
      if (const auto* const ping = std::get_if<Ping>(&*event)) {
        const Frame pong{.opcode = Opcode::pong, .payload = ping->payload};
        transmit(encode(pong, End::client, mask));
        // Somebody may ping without end.
        if (!heed(wire_.look(until))) return std::nullopt;
      } else if (!std::holds_alternative<Pong>(*event)) {
        return event;
      }
    }
  }

  /// How it is answered is not judged here.
  void say_goodbye() {
    const Frame close{.opcode = Opcode::close, .payload = close_payload(code::normal)};
    transmit(encode(close, End::client, mask));
    const Wire::Time until = std::min(deadline_, Wire::Clock::now() + patience);
    while (!wire_.ended() && heed(wire_.receive(until))) {
    }
  }

  static constexpr MaskKey mask{0x3a, 0x91, 0x5c, 0xe7};
  static inline const std::string not_an_echo = "it does not echo: ";

  Wire wire_;
  const PeerUnderTest& server_;
  Wire::Time deadline_;
  Log log_;
  Incoming incoming_{End::server, std::nullopt, log_};
};

}  // namespace

std::string what_hinders(Wire wire, const PeerUnderTest& server, Wire::Time deadline) {
  return Trial(std::move(wire), server, deadline).run();
}

}  // namespace duplex::app::check

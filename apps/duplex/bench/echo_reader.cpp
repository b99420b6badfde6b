#include "echo_reader.hpp"

#include <fmt/format.h>

#include <string_view>

#include "delivery.hpp"
#include "incoming_frames.hpp"
#include <duplex/websocket/close_code.hpp>

namespace duplex::app::bench {

using websocket::Frame;
using websocket::Opcode;

Fault closed_fault(std::string_view body) {
  if (body.size() < 2) {
    return {"closed", "the server closed the WebSocket and did not say why"};
  }
  const auto byte = [&body](std::size_t i) {
    return unsigned{static_cast<unsigned char>(body[i])};
  };
  const unsigned code = byte(0) << 8U | byte(1);
  return {fmt::format("closed {}", code),
          fmt::format("the server closed the WebSocket with {} \"{}\"", code, body.substr(2))};
}

/// The messages of a connection, frame by frame.
struct EchoReader::Scrutiny {
  Scrutiny(const EchoRules& rules, std::size_t first)
      : frames(rules.messages->kind().compressed), message(first) {
    if (rules.messages->kind().compressed && rules.keep) own.emplace(true);
  }

  void take(const EchoRules& rules, const Frame& frame, Findings& findings) {
    switch (frame.header.opcode) {
      case Opcode::ping: findings.pings.emplace_back(as_text(frame.payload)); return;
      case Opcode::pong: return;
      case Opcode::close: findings.closed.emplace(as_text(frame.payload)); return;
      case Opcode::text:
      case Opcode::binary:
        if (frame.begins) begin_message(rules, frame, findings);
        break;
      case Opcode::continuation: break;
    }
    wire_bytes += frame.payload.size();
    take_payload(rules, as_text(frame.payload));
    if (frame.ends && frame.header.fin) end_message(rules, findings);
  }

  void begin_message(const EchoRules& rules, const Frame& frame, Findings& findings) {
    under_way = true;
    compressed = frame.header.rsv1;
    if (frame.header.opcode != rules.messages->opcode()) {
      findings.faults.push_back(
          {"wrong content",
           fmt::format("a message came back as {} that was sent as {}",
                       kind_name(frame.header.opcode), kind_name(rules.messages->opcode()))});
    }
  }

  void take_payload(const EchoRules& rules, std::string_view bytes) {
    if (compressed) {
      collect_compressed(collected, bytes, rules.messages->kind().bytes);
    } else {
      compare(rules, bytes);
    }
  }

  void compare(const EchoRules& rules, std::string_view bytes) {
    const std::string_view expected = rules.messages->payload(message);
    if (!difference && !rules.length_only && size < expected.size()) {
      const std::string_view due = expected.substr(size, bytes.size());
      if (!bytes.starts_with(due)) {
        std::size_t at = 0;
        while (bytes[at] == due[at]) ++at;
        difference = size + at;
      }
    }
    size += bytes.size();
  }

  void end_message(const EchoRules& rules, Findings& findings) {
    const std::size_t expected = rules.messages->payload(message).size();
    bool inflates = true;
    bool too_long = false;
    if (compressed) {
      std::string text;
      Inflater& inflater = own ? *own : *rules.inflater;
      too_long = collected.size() > compressed_bytes_max(rules.messages->kind().bytes);
      inflates = !too_long && inflater.inflate(collected, expected, text);
      compare(rules, text);
      collected.clear();
      // Nor can what follows in the same window.
      if (own && !inflates) findings.broken = true;
    }
    if (too_long) {
      findings.faults.push_back(
          {"wrong length", fmt::format("a message of {} bytes came back compressed to more than {}",
                                       expected, compressed_bytes_max(expected))});
    } else if (!inflates) {
      findings.faults.push_back(not_inflatable());
    } else if (size != expected) {
      findings.faults.push_back(
          {"wrong length", fmt::format("a message of {} bytes came back with {}{}", expected,
                                       compressed && size > expected ? "at least " : "", size)});
    } else if (difference) {
      findings.faults.push_back(
          {"wrong content", fmt::format("a message of {} bytes came back with another byte at {}",
                                        expected, *difference)});
    }
    ++findings.messages;
    findings.wire_bytes.push_back(wire_bytes);
    message = message + 1 == rules.messages->count() ? 0 : message + 1;
    size = 0;
    wire_bytes = 0;
    difference.reset();
    under_way = false;
  }

  bool between_messages() const { return !under_way && frames.between_frames(); }

  IncomingFrames frames;
  /// Which is expected.
  std::size_t message;
  /// Of the one that is coming.
  std::size_t size = 0;
  std::uint64_t wire_bytes = 0;
  std::optional<std::size_t> difference;
  std::string collected;
  std::optional<Inflater> own;
  bool under_way = false;
  bool compressed = false;
};

EchoReader::EchoReader() = default;
EchoReader::~EchoReader() = default;
EchoReader::EchoReader(EchoReader&&) noexcept = default;
EchoReader& EchoReader::operator=(EchoReader&&) noexcept = default;

void EchoReader::begin(const EchoRules& rules, std::size_t first) {
  position_ = rules.messages->echoed().start_of(first);
  in_frame_ = 0;
  scrutiny_.reset();
}

void EchoReader::read_closely(const EchoRules& rules, Bytes input, Findings& findings) {
  if (!scrutiny_) look_closely(rules);
  const auto each = [&](const Frame& frame) {
    if (!findings.broken) scrutiny_->take(rules, frame, findings);
  };
  const auto error = scrutiny_->frames.feed(input, each);
  if (findings.broken) return;
  if (error) {
    findings.faults.push_back({"protocol", std::string(websocket::describe(*error))});
    findings.broken = true;
    return;
  }
  if (scrutiny_->between_messages() && !rules.messages->kind().compressed) {
    position_ = rules.messages->echoed().start_of(scrutiny_->message);
    in_frame_ = 0;
    scrutiny_.reset();
  }
}

void EchoReader::look_closely(const EchoRules& rules) {
  const Round& echoed = rules.messages->echoed();
  scrutiny_ = std::make_unique<Scrutiny>(rules, echoed.piece_at(position_));
  // What was there of the present frame was as expected: it is read once more.
  std::string again(echoed.from(position_ - in_frame_, in_frame_));
  Findings nothing;
  (void)scrutiny_->frames.feed(std::as_writable_bytes(std::span(again)),
                               [&](const Frame& frame) { scrutiny_->take(rules, frame, nothing); });
}

}  // namespace duplex::app::bench

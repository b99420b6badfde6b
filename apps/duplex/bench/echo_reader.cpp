#include "echo_reader.hpp"

#include <fmt/format.h>

#include <bitset>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "delivery.hpp"
#include "echo_order.hpp"
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
  Scrutiny(const EchoRules& rules, std::size_t due)
      : frames(rules.messages->kind().compressed),
        order(due, rules.messages->count(), rules.tell_apart()) {
    if (rules.messages->kind().compressed && rules.keep) own.emplace(true);
  }

  void take(const EchoRules& rules, const Frame& frame, Findings& findings) {
    switch (frame.header.opcode) {
      case Opcode::ping: findings.pings.emplace_back(as_text(frame.payload)); return;
      case Opcode::pong: return;
      case Opcode::close: findings.closed.emplace(as_text(frame.payload)); return;
      case Opcode::text:
      case Opcode::binary:
        if (frame.begins) {
          coming = Coming{.opcode = frame.header.opcode, .compressed = frame.header.rsv1};
        }
        break;
      case Opcode::continuation: break;
    }
    coming->wire_bytes += frame.payload.size();
    take_payload(rules, as_text(frame.payload));
    if (frame.ends && frame.header.fin) end_message(rules, findings);
  }

  void take_payload(const EchoRules& rules, std::string_view bytes) {
    if (coming->compressed) {
      collect_compressed(coming->collected, bytes, rules.messages->kind().bytes);
    } else {
      compare(rules, bytes);
    }
  }

  void compare(const EchoRules& rules, std::string_view bytes) {
    const std::string_view expected = rules.messages->payload(order.due());
    if (!coming->difference && !rules.length_only && coming->size < expected.size()) {
      const std::string_view due = expected.substr(coming->size, bytes.size());
      if (!bytes.starts_with(due)) {
        std::size_t at = 0;
        while (bytes[at] == due[at]) ++at;
        coming->difference = coming->size + at;
        // It has begun as the one that is due.
        coming->same_as.set();
        keep_same(rules, 0, expected.substr(0, coming->size));
      }
    }
    if (coming->difference) keep_same(rules, coming->size, bytes);
    coming->size += bytes.size();
  }

  /// Of those that it may be, the ones that have these bytes there.
  void keep_same(const EchoRules& rules, std::size_t at, std::string_view bytes) {
    for (std::size_t i = 0; i < coming->same_as.size(); ++i) {
      if (!coming->same_as[i]) continue;
      coming->same_as[i] = i < rules.messages->count() && at <= rules.messages->payload(i).size() &&
                           rules.messages->payload(i).substr(at).starts_with(bytes);
    }
  }

  void end_message(const EchoRules& rules, Findings& findings) {
    std::optional<Fault> fault;
    if (coming->compressed) fault = inflate(rules);
    // Nor can what follows in the same window.
    if (fault && own) findings.broken = true;
    if (!fault) fault = wrong_with(rules);
    if (findings.broken) {
      order.take_at_once(coming->wire_bytes, *fault, findings);
    } else {
      Echo echo{.same_as = coming->same_as,
                .bytes = coming->size,
                .wire_bytes = coming->wire_bytes,
                .other_type = wrong_type(rules),
                .other_content = std::move(fault)};
      const bool right_length = echo.bytes == rules.messages->kind().bytes;
      if (!echo.other_content) echo.same_as.set(order.due());
      if (!right_length) echo.same_as.reset();
      order.take(echo, findings);
    }
    coming.reset();
  }

  /// Compares it, or tells why that can't be done.
  std::optional<Fault> inflate(const EchoRules& rules) {
    const std::size_t expected = rules.messages->kind().bytes;
    if (coming->collected.size() > compressed_bytes_max(expected)) {
      return Fault{"wrong length",
                   fmt::format("a message of {} bytes came back compressed to more than {}",
                               expected, compressed_bytes_max(expected))};
    }
    std::string text;
    Inflater& inflater = own ? *own : *rules.inflater;
    if (!inflater.inflate(coming->collected, expected, text)) return not_inflatable();
    compare(rules, text);
    return std::nullopt;
  }

  /// With its payload, if it is the echo of the message that is due.
  std::optional<Fault> wrong_with(const EchoRules& rules) const {
    const std::size_t expected = rules.messages->kind().bytes;
    if (coming->size != expected) {
      return Fault{"wrong length",
                   fmt::format("a message of {} bytes came back with {}{}", expected,
                               coming->compressed && coming->size > expected ? "at least " : "",
                               coming->size)};
    }
    if (coming->difference) {
      return Fault{"wrong content", fmt::format("a message of {} bytes came back with another byte "
                                                "at {}",
                                                expected, *coming->difference)};
    }
    return std::nullopt;
  }

  std::optional<Fault> wrong_type(const EchoRules& rules) const {
    if (coming->opcode == rules.messages->opcode()) return std::nullopt;
    return Fault{"wrong content",
                 fmt::format("a message came back as {} that was sent as {}",
                             kind_name(coming->opcode), kind_name(rules.messages->opcode()))};
  }

  bool between_messages() const { return !coming && frames.between_frames(); }

  /// A message of which not all has come.
  struct Coming {
    Opcode opcode;
    bool compressed;
    std::size_t size = 0;
    std::uint64_t wire_bytes = 0;
    std::string collected = {};
    /// From the one that is due.
    std::optional<std::size_t> difference = {};
    /// Which it may be; once there is a difference.
    std::bitset<Messages::count_max> same_as = {};
  };

  IncomingFrames frames;
  EchoOrder order;
  std::optional<Coming> coming;
  std::optional<Inflater> own;
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

void EchoReader::read_closely(const EchoRules& rules, Bytes input, std::uint64_t under_way,
                              Findings& findings) {
  if (!scrutiny_) look_closely(rules, rules.messages->echoed().piece_at(position_));
  scrutiny_->order.set_under_way(under_way);
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
  if (scrutiny_->between_messages() && scrutiny_->order.settled() &&
      !rules.messages->kind().compressed) {
    position_ = rules.messages->echoed().start_of(scrutiny_->order.due());
    in_frame_ = 0;
    scrutiny_.reset();
  }
}

void EchoReader::step_back(const EchoRules& rules, std::uint64_t messages) {
  const std::size_t count = rules.messages->count();
  const std::size_t number = rules.messages->echoed().piece_at(position_);
  look_closely(rules, (number + count - static_cast<std::size_t>(messages % count)) % count);
}

void EchoReader::accept_held(Findings& findings) {
  if (scrutiny_) scrutiny_->order.accept_held(findings);
}

void EchoReader::give_up(Findings& findings) {
  if (scrutiny_) scrutiny_->order.give_up(findings);
}

void EchoReader::look_closely(const EchoRules& rules, std::size_t due) {
  const Round& echoed = rules.messages->echoed();
  scrutiny_ = std::make_unique<Scrutiny>(rules, due);
  // What was there of the present frame was as expected: it is read once more.
  std::string again(echoed.from(position_ - in_frame_, in_frame_));
  Findings nothing;
  (void)scrutiny_->frames.feed(std::as_writable_bytes(std::span(again)),
                               [&](const Frame& frame) { scrutiny_->take(rules, frame, nothing); });
}

}  // namespace duplex::app::bench

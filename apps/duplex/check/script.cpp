#include "script.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "payloads.hpp"
#include "stopped.hpp"

namespace duplex::app::check {

using std::chrono::milliseconds;

Script::Script(const Case& what, Wire wire, PeerUnderTest peer, Wire::Time deadline,
               std::optional<HttpHead> client_request)
    : case_(what),
      wire_(std::move(wire)),
      peer_(std::move(peer)),
      client_request_(std::move(client_request)),
      begin_(Wire::Clock::now()),
      deadline_(deadline),
      // The same each time, and another one for each case.
      random_(static_cast<std::minstd_rand::result_type>(std::hash<std::string>()(what.id))) {}

Finding Script::run() {
  try {
    if (case_.begin == Begin::opened) open();
    case_.run(*this);
    return finding_;
  } catch (const Ended& end) {
    return end.finding;
  }
}

milliseconds Script::elapsed() const {
  return std::chrono::duration_cast<milliseconds>(Wire::Clock::now() - begin_);
}

std::string Script::encode(const Frame& frame) {
  if (frame.opcode == Opcode::close) close_sent_ = true;
  const End ours = peer_.end == End::server ? End::client : End::server;
  MaskKey key;
  for (std::uint8_t& byte : key) byte = static_cast<std::uint8_t>(random_() >> 8);
  return check::encode(frame, ours, key);
}

void Script::send(const Frame& frame) {
  send_together(std::span(&frame, 1));
}

void Script::send_together(std::initializer_list<Frame> frames) {
  send_together(std::span(frames.begin(), frames.size()));
}

void Script::send_together(std::span<const Frame> frames) {
  std::string bytes;
  for (const Frame& frame : frames) bytes += prepare(frame);
  transmit(bytes);
}

void Script::send_chopped(const Frame& frame, std::size_t piece_bytes) {
  const std::string bytes = prepare(frame);
  note(fmt::format("in pieces of {} byte{}", piece_bytes, piece_bytes == 1 ? "" : "s"));
  transmit(bytes, piece_bytes);
}

void Script::send_message(const Message& message) {
  send(whole(message));
}

void Script::send_bytes(std::string_view bytes, std::string_view what, std::size_t piece_bytes) {
  std::string line = fmt::format("{}, {} byte{}", what, bytes.size(), bytes.size() == 1 ? "" : "s");
  if (piece_bytes > 0) line += fmt::format(", in pieces of {}", piece_bytes);
  log_.add(Direction::sent, line + "  " + excerpt(bytes));
  transmit(bytes, piece_bytes);
}

void Script::end_sending() {
  note("we end our direction of the connection");
  wire_.end_sending();
}

std::string Script::compress(std::string_view message) {
  return deflater_.value().compress(message);
}

/// The frame's bytes, and its line in the log.
std::string Script::prepare(const Frame& frame) {
  const bool masked = frame.masking == Masking::always ||
                      (frame.masking == Masking::as_prescribed && checks_server());
  log_.add(Direction::sent, describe(frame, masked));
  return encode(frame);
}

void Script::transmit(std::string_view bytes, std::size_t piece_bytes) {
  while (!bytes.empty()) {
    const std::size_t size = piece_bytes == 0 ? bytes.size() : std::min(piece_bytes, bytes.size());
    switch (wire_.send(bytes.substr(0, size), deadline_)) {
      case Wire::Wait::done:
      case Wire::Wait::full: break;  // that is of what comes
      case Wire::Wait::timed_out:
        wrong(silence("it neither took all that was sent nor ended the connection"));
      case Wire::Wait::stopped: throw Stopped();
    }
    bytes.remove_prefix(size);
  }
}

void Script::acceptable(std::string why) {
  note("acceptable: " + why);
  if (finding_.verdict == Verdict::right) finding_ = {Verdict::acceptable, std::move(why)};
}

void Script::wrong(std::string why) {
  note("wrong: " + why);
  throw Ended{{Verdict::wrong, std::move(why)}};
}

void Script::not_applicable(std::string why) {
  note("not applicable: " + why);
  throw Ended{{Verdict::not_applicable, std::move(why)}};
}

void Script::end_acceptable(std::string why) {
  acceptable(std::move(why));
  throw Ended{finding_};
}

void Script::note(std::string text) {
  log_.add(Direction::note, std::move(text));
}

}  // namespace duplex::app::check

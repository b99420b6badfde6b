#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "case.hpp"
#include "deflate.hpp"
#include "http_head.hpp"
#include "incoming.hpp"
#include "log.hpp"
#include "message.hpp"
#include "peer_under_test.hpp"
#include "verdict.hpp"
#include "wire.hpp"

namespace duplex::app::check {

/// What a script ends with before its own end. Not an error of the checker: cases let it pass.
struct Ended {
  Finding finding;
};

/// One connection with the peer under test, as a case works with it: sends bytes, blocks until
/// something comes, and compares that with what is right.
///
/// All `expect_*` and `close` wait no longer than the case's time limit. What they find acceptable
/// is noted, and the script goes on; what they find wrong ends it, by throwing `Ended`. A script
/// that comes to its end without that is right, or acceptable.
///
/// Whatever it waits for, the script checks strictly what the peer sends: masks, reserved bits and
/// opcodes, the shortest length, the order of fragments, UTF-8, close frames, compressed data. Any
/// fault there is wrong. Pings are answered, and pongs that nobody asked for are passed over.
class Script {
 public:
  /// All of it ends at `deadline`. `client_request` is what a client under test has sent. `what`
  /// must live as long as the script.
  Script(const Case& what, Wire wire, PeerUnderTest peer, Wire::Time deadline,
         std::optional<HttpHead> client_request = {});
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  /// Opens the WebSocket if the case begins so, and runs the case. The finding is final. Throws
  /// Stopped.
  Finding run();

  const Log& log() const noexcept { return log_; }

  // ---- Who is there

  /// Which end is under test.
  End checked() const noexcept { return peer_.end; }
  bool checks_server() const noexcept { return peer_.end == End::server; }
  /// What was agreed on, by a case with compression.
  const DeflateParameters& compression() const { return deflate_.value(); }
  /// Since the case began.
  std::chrono::milliseconds elapsed() const;

  // ---- Sending. All of it returns when the bytes are on their way. A peer that is gone takes what
  // is sent in silence: what is expected next tells.

  /// One frame, in one write; masked as the peer must see it, unless the frame says otherwise.
  void send(const Frame& frame);
  /// Several frames in one write: `send_together({{.payload = "a"}, {.opcode = Opcode::ping}})`.
  void send_together(std::span<const Frame> frames);
  void send_together(std::initializer_list<Frame> frames);
  /// In pieces of `piece_bytes`, each in a write of its own.
  void send_chopped(const Frame& frame, std::size_t piece_bytes);
  /// A message in one frame.
  void send_message(const Message& message);
  /// Any bytes, in pieces when `piece_bytes` is not 0. `what` tells the log what they are.
  void send_bytes(std::string_view bytes, std::string_view what, std::size_t piece_bytes = 0);
  /// Ends our direction of the TCP connection; with TLS, its too.
  void end_sending();

  /// The bytes of a frame, masked as needed, for cases that cut them up and send them.
  std::string encode(const Frame& frame);
  /// A message compressed as agreed on, to be sent with `rsv::one` in its first frame. With context
  /// takeover, messages must be sent in the order in which they were compressed.
  std::string compress(std::string_view message);

  // ---- Expecting

  /// A message like `message`, in however many frames, compressed or not where that was agreed on.
  /// One of more than `size_everyone_takes` may be refused with 1009: that is acceptable, and the
  /// end.
  void expect_echo(const Message& message);
  /// A pong with this payload. Pongs to earlier pings may have been left out (RFC 6455 section
  /// 5.5.3).
  void expect_pong(std::string_view payload);
  /// That no message, pong or close comes for so long. It takes that long: where a ping and its
  /// pong can show the same, take those.
  void expect_silence(std::chrono::milliseconds duration);

  /// The peer fails the connection: a close frame with one of `codes`, then the end of TCP.
  /// Acceptable: one of `tolerated`, a close frame without a code, or the end without a close
  /// frame. Wrong: other codes, any answer that `may_echo` or `may_pong` did not allow, and
  /// silence.
  void expect_failure(std::initializer_list<std::uint16_t> codes,
                      std::initializer_list<std::uint16_t> tolerated = {});
  /// The same, when it begins within `duration`; false when nothing has come by then, for cases
  /// that go on with what makes the fault plain, and call a late failure acceptable.
  bool fails_within(std::chrono::milliseconds duration, std::initializer_list<std::uint16_t> codes,
                    std::initializer_list<std::uint16_t> tolerated = {});
  /// For what the RFC forbids to send, and does not demand to refuse: true when the peer fails the
  /// connection as above, false when it echoes `message` instead.
  bool fails_or_echoes(const Message& message, std::initializer_list<std::uint16_t> codes,
                       std::initializer_list<std::uint16_t> tolerated = {});
  /// What was sent before the fault, and may be answered before the peer notices it, or not.
  void may_echo(Message message);
  void may_pong(std::string payload);

  /// The closing handshake, begun by us: a close frame, the peer's, the end of TCP. Acceptable:
  /// another code in the answer, but those that tell an error. Messages that have come and were not
  /// expected are wrong.
  void close(std::uint16_t code = code::normal, std::string_view reason = {});
  /// The peer's part of a closing handshake for which the close frame has been sent by the case: an
  /// answer with one of `codes`, or, if `or_none`, without a code; then the end of TCP.
  void expect_close(std::initializer_list<std::uint16_t> codes, bool or_none = false);
  /// The end of the TCP connection, with nothing before it.
  void expect_end();

  /// The next thing that comes within `wait`, for cases that the above does not fit; nullopt when
  /// there is nothing. Pings have been answered.
  std::optional<Event> receive(std::chrono::milliseconds wait);
  /// Waits as long as the case may take; silence is wrong.
  Event receive();

  // ---- The opening handshake, for cases that begin `connected`

  /// A right request for the URL under test, with a key of its own, and the offer of the case's
  /// compression; to be changed, and sent by `send_head`.
  HttpHead request();
  /// What the client under test has sent.
  const HttpHead& client_request() const { return client_request_.value(); }
  /// A right 101 to the client under test, with the case's compression.
  HttpHead response() const;
  /// In one write, or in pieces.
  void send_head(const HttpHead& head, std::size_t piece_bytes = 0);
  /// The server's response; none, and one that is not HTTP, is wrong.
  HttpHead receive_head();
  /// Sends `request` and expects that the WebSocket opens; what follows is frames. Returns the
  /// response.
  HttpHead open(const HttpHead& request);
  /// Expects the 101 to a request that has been sent; what follows is frames.
  HttpHead expect_opened(const HttpHead& request);
  /// What a server has made of a request that it may take and may refuse.
  struct Opening {
    bool opened = false;
    /// Without a status when there is none.
    HttpHead response = {};

    explicit operator bool() const noexcept { return opened; }
  };
  /// The same for such a request: it is refused by a status from 400 to 599, or by the end of the
  /// connection.
  Opening opened_or_refused(const HttpHead& request);
  /// Sends `response` to the client under test; what follows is frames.
  void open_with(const HttpHead& response);
  /// `response` has been sent to the client under test; what follows is frames.
  void opened_with(const HttpHead& response);
  /// The server refuses the request that was sent. Right: a status of `right`. Acceptable: one of
  /// `tolerated`, any other from 400 to 499, or the end without a response. Wrong: 101, and all
  /// others. Returns the response; one without a status when there is none.
  HttpHead expect_refusal(std::initializer_list<int> right,
                          std::initializer_list<int> tolerated = {});
  /// The client under test does not take the response that it was sent: it ends the connection, and
  /// echoes nothing.
  void expect_opening_failure();

  // ---- Judging

  /// Goes on; of several, the first is told.
  void acceptable(std::string why);
  [[noreturn]] void wrong(std::string why);
  [[noreturn]] void not_applicable(std::string why);
  /// Ends the script; it is acceptable.
  [[noreturn]] void end_acceptable(std::string why);
  /// A line in the log.
  void note(std::string text);

  /// Larger messages may be refused with 1009 (RFC 6455 section 10.4).
  static constexpr std::size_t size_everyone_takes = 4096;

  /// A peer that sends more pongs in a case, or more messages where a pong has to come, does not
  /// stop: far more than any case asks for.
  static constexpr std::size_t pongs_max = 20'000;
  static constexpr std::size_t messages_max = 20'000;

 private:
  /// How a failure is judged.
  struct FailureRule {
    std::span<const std::uint16_t> codes;
    std::span<const std::uint16_t> tolerated;
  };

  void open();
  void take_response(const HttpHead& request, const HttpHead& response);
  void agree_on_compression(std::string_view offer, std::string_view answer);
  /// nullopt when the connection has ended.
  std::optional<HttpHead> receive_head_or_end();

  std::string prepare(const Frame& frame);
  void transmit(std::string_view bytes, std::size_t piece_bytes = 0);

  /// The next thing but pings, which it answers; nullopt when there is none until then.
  std::optional<Event> receive_until(Wire::Time until);
  /// Of what waiting has come to. Throws Stopped; what the peer has sent too much of is wrong.
  bool is_time_up(Wire::Wait wait);
  /// For a later `expect_echo`.
  void keep(Message message);
  EndOfStream end_of_stream();
  /// What answers a fault; passes over what may still be answered. nullopt when nothing has come by
  /// then.
  std::optional<Event> receive_answer(Wire::Time until);
  /// False when nothing has come by then.
  bool failure_begins(Wire::Time until, const FailureRule& rule);
  void judge_failure(const Event& event, const FailureRule& rule);
  void judge_failure(const CloseFrame& close, const FailureRule& rule);
  void answer_close(const CloseFrame& close);
  CloseFrame receive_close();
  void expect_end_after_close();
  void refuse_leftovers();
  /// `what`, and how long that was waited for.
  std::string silence(std::string_view what) const;
  static std::string others(const std::vector<std::string>& pongs);

  const Case& case_;
  Wire wire_;
  PeerUnderTest peer_;
  std::optional<HttpHead> client_request_;
  Log log_;
  Wire::Time begin_;
  Wire::Time deadline_;
  std::optional<Incoming> incoming_;
  std::optional<DeflateParameters> deflate_;
  std::optional<Deflater> deflater_;
  std::minstd_rand random_;
  Finding finding_;
  bool close_sent_ = false;
  bool end_noted_ = false;
  /// What came while something else was waited for.
  std::vector<Message> messages_;
  std::vector<std::string> pongs_;
  std::size_t bytes_kept_ = 0;
  std::size_t pongs_received_ = 0;
  std::vector<Message> allowed_messages_;
  std::vector<std::string> allowed_pongs_;
};

}  // namespace duplex::app::check

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <duplex/connection/close_info.hpp>
#include <duplex/connection/frame_info.hpp>
#include <duplex/connection/message.hpp>
#include <duplex/tls/session_info.hpp>
#include <duplex/websocket/deflate_parameters.hpp>

/// What happens on the wire, in words, for `--verbose`. Escaped, see `printable`.
namespace duplex::app {

/// A text of several lines, such as a head of a request or response, each behind `mark` and with
/// its end; without those that are empty.
std::string marked_lines(std::string_view text, std::string_view mark);

/// Version, cipher and so on, and what the certificate says; lines without an end of the last.
std::string describe_tls(const tls::SessionInfo& session);

/// `text, 5 bytes, masked`; what is unusual (not the last, compressed) is said.
std::string describe_frame(const connection::FrameInfo& frame);

/// What was agreed on, as the client sees it, when it had offered compression.
std::string describe_deflate(const std::optional<websocket::DeflateParameters>& agreed);

/// Counts what the messages of one direction take on the wire.
class MessageTally {
 public:
  void add(const connection::FrameInfo& frame) noexcept;

  /// `message in: text, 1000 bytes, 283 compressed` for the message that the last frames were;
  /// empty if it went as it is.
  std::string describe(const connection::Message& message) const;

 private:
  std::uint64_t payload_bytes_ = 0;
  bool incoming_ = true;
  bool compressed_ = false;
};

/// `the server has closed: 1000 normal`.
std::string describe_close(const connection::CloseInfo& close);

}  // namespace duplex::app

#pragma once

#include <string>
#include <string_view>

#include <duplex/connection/close_info.hpp>
#include <duplex/connection/frame_info.hpp>
#include <duplex/tls/session_info.hpp>

/// What happens on the wire, in words, for `--verbose`. Escaped, see `printable`.
namespace duplex::app {

/// A text of several lines, such as a head of a request or response, each behind `mark` and with
/// its end; without those that are empty.
std::string marked_lines(std::string_view text, std::string_view mark);

/// Version, cipher and so on, and what the certificate says; lines without an end of the last.
std::string describe_tls(const tls::SessionInfo& session);

/// `text, 5 bytes, masked`; what is unusual (not the last, reserved bits) is said.
std::string describe_frame(const connection::FrameInfo& frame);

/// `the server has closed: 1000 normal`.
std::string describe_close(const connection::CloseInfo& close);

}  // namespace duplex::app

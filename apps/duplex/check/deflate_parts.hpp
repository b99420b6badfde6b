#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "case_parts.hpp"

/// What cases with compression have in common.
namespace duplex::app::check {

inline constexpr std::size_t in_one_frame = std::numeric_limits<std::size_t>::max();
inline constexpr auto first_frame_only = "RFC 7692 section 6.1";
inline constexpr auto compressing = "RFC 7692 section 7.2.1";
inline constexpr auto decompressing = "RFC 7692 section 7.2.2";

/// The frames of a compressed message.
std::vector<Frame> compressed_frames(Message::Type type, std::string payload,
                                     std::size_t fragment_bytes = in_one_frame);

/// The same, compressed as agreed on.
std::vector<Frame> compress(Script& script, const Message& message,
                            std::size_t fragment_bytes = in_one_frame);

/// Sends the message compressed, and expects its echo.
void echo_compressed(Script& script, const Message& message);

/// Like JSON as servers send it: few words, many times. Cut off where it is long enough.
std::string json_payload(std::size_t bytes);

/// A case of the group `deflate` with compression but without parameters.
void add_deflate_case(Cases& cases, std::string_view id, std::string title, std::string expected,
                      std::string rule, std::function<void(Script&)> run, int time_factor = 1);

}  // namespace duplex::app::check

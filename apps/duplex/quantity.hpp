#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

/// Numbers as people write them in options. The error of each is a sentence that says what to write
/// instead.
namespace duplex::app {

/// A number of bytes: `65536`, `64K`, `64KiB`, `1M`, `2GiB`. K, M and G, alone or with `iB`, are
/// powers of 1024, as in nginx; KB, MB and GB are powers of 1000. Case does not matter.
std::expected<std::uint64_t, std::string> parse_size(std::string_view text);

/// A time in seconds, or with a unit: `30`, `0.5`, `500ms`, `30s`, `2m`, `1.5h`. At most a day, and
/// rounded to a millisecond.
std::expected<std::chrono::milliseconds, std::string> parse_duration(std::string_view text);

/// How long something took or may take, always with a unit: `250us`, `1.5ms`, `2s`. At most a day.
std::expected<std::chrono::duration<double, std::nano>, std::string> parse_latency(
    std::string_view text);

/// How often a second: `1000`, `0.5`, `10k`, `1.5M`, where k and M, in either case, are powers of
/// 1000. At most a billion.
std::expected<double, std::string> parse_rate(std::string_view text);

/// A part of a whole: `5%`, `0.1 %`. At most all of it; as a number from 0 to 1.
std::expected<double, std::string> parse_share(std::string_view text);

/// A whole number between `lowest` and `highest`.
std::expected<std::uint64_t, std::string> parse_count(std::string_view text, std::uint64_t lowest,
                                                      std::uint64_t highest);

}  // namespace duplex::app

#pragma once

#include <cstdint>
#include <string>

#include "result.hpp"

/// Numbers for people, with three digits that say something.
namespace duplex::app::bench {

/// `1,234,567`.
std::string readable_count(std::uint64_t number);

/// `1,234,567`, `123`, `12.3`, `1.23`, `0.12`, `0`; from 100 on without a fraction.
std::string readable_number(double number);

/// `850 ns`, `12.3 µs`, `1.23 ms`, `20.1 s`.
std::string readable_duration(std::uint64_t ns);

/// For the marks of an axis, shorter: `500 µs`, `1 ms`; `250 k`, `1.5 M`; `64 KiB`, `1.5 MiB`.
std::string short_duration(double ns);
std::string short_number(double number);
std::string short_size(double bytes);

/// `98 %`; never 100 of what is not whole.
std::string readable_share(double share);

/// With three digits, also of what is small: `12.3 %`, `0.25 %`, `3e-05 %`; nor is it ever 100 of
/// what is not whole.
std::string precise_share(double share);

/// `held: 5.46 ms`, `not held: 64,599/s`, `not held: nothing was measured`.
std::string readable_judgement(const Judgement& judgement);

/// `true`, `5`, `0.5 s`, or the text itself.
std::string readable_option(const Option& option);

/// All options in a line: `connections 50, size 20 B`. Flags that are off are left out, as is what
/// is empty, and a flag that is on is its name alone.
std::string readable_options(const Result& result);

}  // namespace duplex::app::bench

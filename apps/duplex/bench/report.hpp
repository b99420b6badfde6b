#pragma once

#include <string>

#include "result.hpp"

/// What came of a run, for people, for programs, and to show around.
namespace duplex::app::bench {

/// For a terminal, at most 80 columns wide unless the URL, the options or an example of an error is
/// longer.
std::string terminal_report(const Result& result, bool color);

/// What a program that is to be quiet says: errors, requirements that did not hold, and that
/// nothing was measured. Empty for a good result.
std::string terminal_problems(const Result& result, bool color);

/// One JSON document. What was not measured is null (latencies and handshakes of which there are
/// none) or missing (the server, the fan-out); unknown fields are to be ignored by its readers.
std::string json_report(const Result& result);

/// One SVG file with two panels, latency by percentile and what happened over time. It needs no
/// other file, has no script, and suits a light and a dark page.
std::string svg_report(const Result& result);

/// The sentence about `limited_by`; empty where there is no such thing.
std::string limit_sentence(const Result& result);

}  // namespace duplex::app::bench

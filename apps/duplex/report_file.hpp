#pragma once

#include <string>

/// Reports that a user wants to have somewhere: in a file, which is replaced as a whole, in a
/// device or a pipe, which is written to, or, by the name `-`, on standard output. What does not
/// work is thrown, in words that name the place. An empty name is none.
namespace duplex::app {

/// Finds out, before a long run, whether a report could be written there behind it.
void check_report_place(const std::string& path);

void write_report(const std::string& path, const std::string& text);

}  // namespace duplex::app

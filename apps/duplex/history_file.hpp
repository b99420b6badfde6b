#pragma once

#include <string>
#include <string_view>
#include <vector>

/// The lines that were typed, kept for the next time, one a line in a file for its owner only. That
/// there is no such file, or that it can't be written, is no failure: it is only a convenience.
namespace duplex::app {

/// Where they are kept; empty when the environment names no folder.
std::string history_path();

/// The last `lines_max` lines of it, the oldest first.
std::vector<std::string> read_history(const std::string& path, std::size_t lines_max);

/// Adds lines behind those that are there by now, which another program may have added, and keeps
/// the last `lines_max` of all.
void add_to_history(const std::string& path, const std::vector<std::string>& lines,
                    std::size_t lines_max);

}  // namespace duplex::app

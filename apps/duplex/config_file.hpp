#pragma once

#include <string>
#include <vector>

#include "serve_options.hpp"

namespace duplex::app {

/// The settings in the TOML file at `path`, which has the names of the command line:
///
///   dir = "public"
///   listen = ["127.0.0.1:8080", "unix:/run/duplex.sock"]
///   max-message = "64MiB"
///   spa = true
///
/// Throws UsageError for what is not TOML or not a setting, with file, line and key; and
/// std::runtime_error when the file can't be read.
std::vector<Setting> read_config_file(const std::string& path);

/// The same for TOML text; `name` stands for the file in messages.
std::vector<Setting> parse_config(const std::string& toml, const std::string& name);

}  // namespace duplex::app

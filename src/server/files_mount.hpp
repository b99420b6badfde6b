#pragma once

#include <string_view>

#include "server/path.hpp"
#include "server/static_files/static_files.hpp"
#include <duplex/server/static_files_options.hpp>

namespace duplex::server {

/// A folder, and where it is mounted.
struct FilesMount {
  /// Throws as `PathPrefix` and `StaticFiles` do.
  FilesMount(std::string_view at, const StaticFilesOptions& options) : prefix(at), files(options) {}

  PathPrefix prefix;
  StaticFiles files;
};

}  // namespace duplex::server

#pragma once

#include <string>

namespace duplex::server {

/// How a folder is served.
struct StaticFilesOptions {
  /// The folder; nothing outside of it, and nothing that begins with a dot, is ever served.
  std::string folder;
  /// Show a page with the content of a folder that has no `index.html`.
  bool list = false;
  /// The file that answers browsers' navigations to paths that do not exist, for single-page
  /// applications: `index.html`; empty for 404.
  std::string single_page = {};
  /// The value of `Cache-Control`; empty for none.
  std::string cache_control = {};
};

}  // namespace duplex::server

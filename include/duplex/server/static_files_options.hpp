#pragma once

#include <cstdint>
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
  /// For how long what was found at a path is taken to be there still, in milliseconds: how late
  /// a change may show. Much asked-for files are so served without a system call for each look.
  /// 0 looks for every request.
  std::uint32_t revalidate_ms = 100;
};

}  // namespace duplex::server

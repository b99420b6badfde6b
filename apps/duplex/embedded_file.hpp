#pragma once

#include <span>
#include <string_view>

namespace duplex::app {

/// A file that is part of the program; all views are valid for ever.
struct EmbeddedFile {
  /// Without a folder.
  std::string_view name;
  std::string_view content;
  /// Of the content, in hex.
  std::string_view sha256;
};

/// The files of the page, as they lie in `apps/duplex/page`. Defined by a source that the build
/// makes of them, see `cmake/EmbedFiles.cmake`.
std::span<const EmbeddedFile> page_files() noexcept;

/// The one page that `duplex check --html` fills, as it lies in `apps/duplex/check/page`.
std::span<const EmbeddedFile> check_report_files() noexcept;

}  // namespace duplex::app

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "server/static_files/file_cache.hpp"
#include "server/static_files/file_looks.hpp"
#include "server/static_files/file_response.hpp"
#include "server/static_files/file_tree.hpp"
#include <duplex/http/head.hpp>
#include <duplex/server/static_files_options.hpp>

namespace duplex::server {

/// A folder of files that are served: from a request to the file that answers it.
///
/// Does no socket I/O, but reads files, and so may wait for a disk. Any number of threads may use
/// one, each with a cache of its own.
class StaticFiles {
 public:
  /// Throws std::system_error when the folder can't be served, and std::invalid_argument for a
  /// `cache_control` that can't stand in a field or a `single_page` that is no relative path.
  explicit StaticFiles(StaticFilesOptions options);

  /// The response to a request for `rest`: what follows the prefix that the folder is mounted at in
  /// the path of `head`, percent-encoded; empty, or beginning with a slash (see PathPrefix). 404
  /// for what isn't there or isn't to be seen, 405 for methods other than GET, HEAD and OPTIONS, a
  /// redirect for a folder without its slash.
  FileResponse respond(const http::RequestHead& head, std::string_view rest, FileCache& cache,
                       std::chrono::system_clock::time_point now) const;

 private:
  std::optional<FileResponse> respond_with_folder(const http::RequestHead& head,
                                                  const std::string& path, bool has_slash,
                                                  FileCache& cache,
                                                  std::chrono::system_clock::time_point now) const;
  /// With the file at `path`, where `look` was had. `stands_in`: the file is the single page, in
  /// place of one that isn't there.
  std::optional<FileResponse> respond_with_file(const http::RequestHead& head,
                                                const std::string& path, const FileLook& look,
                                                bool stands_in, FileCache& cache,
                                                std::chrono::system_clock::time_point now) const;
  std::chrono::milliseconds look_age_max() const noexcept {
    return std::chrono::milliseconds(options_.revalidate_ms);
  }

  StaticFilesOptions options_;
  FileTree tree_;
};

/// What a program says of a file that it answers with; borrowed.
struct FileAnswer {
  const std::string& path;
  http::Status status = http::Status::ok;
  /// `Content-Type`, `ETag` and `Last-Modified` count instead of what follows from the file. All
  /// are still to be added to the response.
  const http::Fields& fields;
};

/// The response with a file that the program chose itself: links are followed, and dot files
/// served. 404 when there is none. Does not look for compressed siblings, but always at the file,
/// which the program may have written a moment ago.
FileResponse respond_with_path(const http::RequestHead& head, const FileAnswer& answer,
                               FileCache& cache, std::chrono::system_clock::time_point now);

/// `rest` decoded, as a path relative to a folder, without slashes at its ends; `.` for the folder
/// itself. nullopt for what is never served: bad escapes, encoded slashes and NUL, empty segments,
/// and segments that begin with a dot, among them `.` and `..`.
std::optional<std::string> relative_path(std::string_view rest);

}  // namespace duplex::server

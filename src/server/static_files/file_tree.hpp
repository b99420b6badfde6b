#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <system_error>

#include "net/descriptor.hpp"

namespace duplex::server {

/// What tells one state of a file from another. Two that compare equal have the same content,
/// unless it was changed twice within one tick of the file system's clock.
struct FileStatus {
  enum class Kind : std::uint8_t { file, folder, other };

  Kind kind = Kind::other;
  std::uint64_t size_bytes = 0;
  std::int64_t modified_unix_ns = 0;
  /// When anything changed, also the time of modification itself (ctime).
  std::int64_t changed_unix_ns = 0;
  std::uint64_t inode = 0;
  std::uint64_t device = 0;

  std::int64_t modified_unix_s() const noexcept;
  bool operator==(const FileStatus&) const = default;
};

/// A file's status, and when it was looked at.
struct FileSighting {
  FileStatus status;
  std::chrono::system_clock::time_point when;
};

/// An open file, and its status as of the opening.
struct OpenFile {
  net::Descriptor descriptor;
  FileStatus status;
};

/// A folder, out of which no path leads: neither `..` nor a symbolic link. Links that stay inside,
/// and are relative, are followed. May be used by all threads at once; the folder is the one that
/// had the name when the object was made, also when it is renamed.
class FileTree {
 public:
  /// Throws std::system_error that says what to do when `folder` is missing, is no folder, or
  /// the kernel can't confine paths (openat2, Linux 5.6).
  explicit FileTree(const std::string& folder);

  /// The whole file system, with all links, for paths that the program chose itself.
  static const FileTree& everything();

  /// The status of `path`, relative to the folder; the folder itself is `.`. One system call, which
  /// is not confined: trust it only to compare with what `open` told, or open next.
  std::expected<FileStatus, std::error_code> status(const std::string& path) const noexcept;

  /// Opens for reading what is at `path`: a regular file or a folder; errc::permission_denied for
  /// devices, pipes and sockets, and some error for every path that leads out.
  std::expected<OpenFile, std::error_code> open(const std::string& path) const noexcept;

 private:
  FileTree() noexcept = default;
  int folder_number() const noexcept;

  net::Descriptor folder_;
  bool confined_ = false;
};

}  // namespace duplex::server

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace duplex::server {

/// What tells a file from the one that was there before, without reading it. Symbolic links are
/// followed, since tools that renew certificates often replace only the link.
struct FileStamp {
  bool there = false;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;
  /// Of the owner and the permissions too: a file that could not be read may be readable now.
  std::int64_t changed_ns = 0;

  bool operator==(const FileStamp&) const = default;
};

/// The stamps of `paths` as they are now, in their order.
std::vector<FileStamp> stamps_of(std::span<const std::string> paths);

/// Decides, from looks at some files, when they have changed and are at rest again: a certificate
/// and its key are replaced one after the other, and must not be seen halfway. Knows neither files
/// nor time.
class FileChanges {
 public:
  /// `known` is what is in use.
  explicit FileChanges(std::vector<FileStamp> known) : known_(known), seen_(std::move(known)) {}

  /// What is there now. True when it is not what is known, and was the same at the last look: from
  /// then on it is known, whatever it's good for.
  bool look(std::vector<FileStamp> now);

  /// It was read in this state otherwise.
  void know(std::vector<FileStamp> known) { known_ = std::move(known); }

 private:
  std::vector<FileStamp> known_;
  std::vector<FileStamp> seen_;
};

}  // namespace duplex::server

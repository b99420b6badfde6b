#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "net/descriptor.hpp"
#include "server/static_files/file_looks.hpp"
#include "server/static_files/file_tree.hpp"
#include <duplex/base/shared_bytes.hpp>

namespace duplex::server {

/// A file that is ready to be sent: a small one as bytes, a large one as a descriptor, and what is
/// in between as both. Without a copy, from the descriptor, is the cheaper way in clear; to encrypt
/// it, the bytes are needed.
struct LoadedFile {
  FileStatus status;
  /// The whole content, unless the file is large.
  SharedBytes content;
  /// The open file, unless it is small; else null.
  std::shared_ptr<const net::Descriptor> descriptor;
  /// A strong entity tag, in its quotes; of this name and state of the file.
  std::string entity_tag;
  /// The time of modification as an IMF-fixdate.
  std::string last_modified;
};

/// How much a `FileCache` may hold.
struct FileCacheLimits {
  /// Larger files are held open, and sent from the system's own cache: from there on, that takes
  /// less than to copy them.
  std::size_t small_bytes_max = std::size_t{24} * 1024;
  /// Larger files are held open only.
  std::size_t file_bytes_max = std::size_t{64} * 1024;
  /// All content together.
  std::size_t total_bytes_max = std::size_t{32} * 1024 * 1024;
  /// Files together, so that a million empty ones are no way around the limit above.
  std::size_t files_max = 4096;
  /// Files that are held open. Each worker has a cache, and descriptors are scarce.
  std::size_t open_files_max = 256;
};

/// Files in memory and files held open, the least recently used dropped first. For one
/// thread.
///
/// Nothing is served that has changed since the caller asked for the file's status: a held file is
/// only used when it had the same one. A file that changed within the last two seconds
/// is read afresh each time, since the coarsest clocks of file systems (FAT) can't tell two changes
/// within that time apart.
class FileCache {
 public:
  explicit FileCache(FileCacheLimits limits = {}) noexcept : limits_(limits) {}

  /// The regular file at `path` of `tree`, of which `status` was just read. nullptr when it can't
  /// be opened or read, is no file any more, or lies outside of the tree. The tree must outlive
  /// this cache.
  std::shared_ptr<const LoadedFile> load(const FileTree& tree, const std::string& path,
                                         const FileStatus& status,
                                         std::chrono::system_clock::time_point now);

  /// Closes the files that are held open and were not loaded since the last call, so that the space
  /// of those that were removed is given back, and their file system can be unmounted.
  void close_unused() noexcept;

  /// The looks that tell the status to `load` with.
  FileLooks& looks() noexcept { return looks_; }

  std::size_t size_bytes() const noexcept { return size_bytes_; }
  /// Those that are in memory only.
  std::size_t file_count() const noexcept { return small_.size(); }
  /// Those that are held open.
  std::size_t open_count() const noexcept { return open_.size(); }

 private:
  struct Key {
    const FileTree* tree;
    std::string_view path;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  struct Entry {
    const FileTree* tree;
    std::string path;
    std::shared_ptr<const LoadedFile> file;
    /// It was loaded since `close_unused` last came by.
    bool used = true;
  };
  using Entries = std::list<Entry>;

  std::shared_ptr<const LoadedFile> read(const FileTree& tree, const std::string& path) const;
  void insert(const FileTree& tree, const std::string& path,
              std::shared_ptr<const LoadedFile> file);
  void make_room(const LoadedFile& file) noexcept;
  void drop(Entries::iterator entry) noexcept;
  Entries& entries_of(const LoadedFile& file) noexcept { return file.descriptor ? open_ : small_; }

  FileCacheLimits limits_;
  std::size_t size_bytes_ = 0;
  FileLooks looks_;
  // The most recently used first.
  Entries small_;
  Entries open_;
  /// Of both. Its keys are views of the entries' paths.
  std::unordered_map<Key, Entries::iterator, Hash> index_;
};

}  // namespace duplex::server

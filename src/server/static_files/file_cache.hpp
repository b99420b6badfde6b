#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "net/descriptor.hpp"
#include "server/static_files/file_tree.hpp"
#include <duplex/base/shared_bytes.hpp>

namespace duplex::server {

/// A file that is ready to be sent: a small one as bytes, a large one as a descriptor.
struct LoadedFile {
  FileStatus status;
  /// The whole content of a small file.
  SharedBytes content;
  /// The open file when it is large; else null.
  std::shared_ptr<const net::Descriptor> descriptor;
  /// A strong entity tag, without quotes; of this name and state of the file.
  std::string entity_tag;
  /// The time of modification as an IMF-fixdate.
  std::string last_modified;
};

/// How much a `FileCache` may hold.
struct FileCacheLimits {
  /// Larger files are not held, but opened for each response and sent from the system's own cache.
  std::size_t file_bytes_max = std::size_t{64} * 1024;
  /// All content together.
  std::size_t total_bytes_max = std::size_t{32} * 1024 * 1024;
  /// Files together, so that a million empty ones are no way around the limit above.
  std::size_t files_max = 4096;
};

/// Small files in memory, the least recently used dropped first. For one thread.
///
/// Nothing is served that has changed: the caller asks for the file's status first, and a
/// held file is only used when it had the same one. A file that changed within the last two seconds
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

  std::size_t size_bytes() const noexcept { return size_bytes_; }
  std::size_t file_count() const noexcept { return index_.size(); }

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
  };
  using Entries = std::list<Entry>;

  std::shared_ptr<const LoadedFile> read(const FileTree& tree, const std::string& path) const;
  void insert(const FileTree& tree, const std::string& path,
              std::shared_ptr<const LoadedFile> file);
  void drop(Entries::iterator entry) noexcept;

  FileCacheLimits limits_;
  std::size_t size_bytes_ = 0;
  /// The most recently used first.
  Entries entries_;
  /// Its keys are views of the entries' paths.
  std::unordered_map<Key, Entries::iterator, Hash> index_;
};

}  // namespace duplex::server

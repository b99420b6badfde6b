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

/// A file that is ready to be sent: a small one as bytes, a large one as a descriptor.
struct LoadedFile {
  FileStatus status;
  /// The whole content of a small file.
  SharedBytes content;
  /// The open file when it is large; else null.
  std::shared_ptr<const net::Descriptor> descriptor;
  /// A strong entity tag, in its quotes; of this name and state of the file.
  std::string entity_tag;
  /// The time of modification as an IMF-fixdate.
  std::string last_modified;
};

/// How much a `FileCache` may hold.
struct FileCacheLimits {
  /// Larger files are held open only, and sent from the system's own cache.
  std::size_t file_bytes_max = std::size_t{24} * 1024;
  /// All content together.
  std::size_t total_bytes_max = std::size_t{32} * 1024 * 1024;
  /// Files together, so that a million empty ones are no way around the limit above.
  std::size_t files_max = 4096;
  /// Large files that are held open.
  std::size_t open_files_max = 64;
};

/// For files that are sent in clear, or `encrypted`, where there is a cache for each in each of
/// `workers`.
///
/// In clear the system sends a file without a copy, which is the cheaper way from some 24 KiB on;
/// what is encrypted has to be read anyway. All caches together hold open no more than a quarter of
/// the descriptors that the process may have now, but 16 each.
FileCacheLimits file_cache_limits(bool encrypted, std::size_t workers) noexcept;

/// Small files in memory and large ones held open, the least recently used dropped first. For one
/// thread.
///
/// Nothing is served that had changed when the caller looked: a held file is only used when it had
/// the same status. The coarsest clocks of file systems (FAT) can't tell two changes within two
/// seconds apart; so a file that had changed just before it was read is read afresh for each look.
class FileCache {
 public:
  explicit FileCache(FileCacheLimits limits = {}) noexcept : limits_(limits) {}

  /// The regular file at `path` of `tree`, which was seen a moment ago. nullptr when it can't be
  /// opened or read, is no file any more, or lies outside of the tree. The tree must outlive this
  /// cache.
  std::shared_ptr<const LoadedFile> load(const FileTree& tree, const std::string& path,
                                         const FileSighting& seen,
                                         std::chrono::system_clock::time_point now);

  /// Closes the large files that were not loaded since the last call, so that the space of those
  /// that were removed is given back, and their file system can be unmounted.
  void close_unused() noexcept;

  /// The looks that tell the status to `load` with.
  FileLooks& looks() noexcept { return looks_; }

  std::size_t size_bytes() const noexcept { return size_bytes_; }
  /// The small files.
  std::size_t file_count() const noexcept { return small_.size(); }
  /// The large files.
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
    std::chrono::system_clock::time_point read_at;
    /// It was loaded since `close_unused` last came by.
    bool used = true;

    bool holds_for(const FileSighting& seen, std::chrono::system_clock::time_point now) const;
  };
  using Entries = std::list<Entry>;

  std::shared_ptr<const LoadedFile> read(const FileTree& tree, const std::string& path) const;
  void insert(Entry entry);
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

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "server/static_files/file_tree.hpp"
#include <duplex/http/accept.hpp>

namespace duplex::server {

/// What stood at a path when it was looked at: a folder, or a file with its representations, which
/// are itself and the siblings beside it that hold the same in other codings.
class FileLook {
 public:
  /// Looks, by one system call, and one for each coding when a file is there.
  FileLook(const FileTree& tree, const std::string& path,
           std::chrono::system_clock::time_point now);

  std::chrono::system_clock::time_point when() const noexcept { return when_; }

  /// nullopt when nothing is there, or nothing that can be served.
  std::optional<FileStatus::Kind> kind() const noexcept;
  bool is_file() const noexcept { return kind() == FileStatus::Kind::file; }

  // Of a file.
  /// Whether there are representations in several codings.
  bool several() const noexcept { return count_ > 1; }
  /// The coding that the client likes best, or identity when it likes none: better than 406.
  http::ContentCoding choose(http::FieldsView fields) const noexcept;
  /// The representation in `coding`, which is there.
  FileSighting sighting_of(http::ContentCoding coding) const noexcept;

 private:
  static constexpr std::size_t representations_max = 4;

  void add(http::ContentCoding coding, const FileStatus& status) noexcept;

  std::chrono::system_clock::time_point when_;
  std::optional<FileStatus> status_;
  std::size_t count_ = 0;
  std::array<http::ContentCoding, representations_max> codings_{};
  std::array<FileStatus, representations_max> statuses_;
};

/// What the name of a sibling in `coding` ends with; empty for identity.
std::string_view sibling_suffix(http::ContentCoding coding) noexcept;

/// Looks of a short while ago, so that what is asked for all the time is not looked at for each
/// request. For one thread.
///
/// Only what is there is remembered: a file that appears is seen at once, and requests for what
/// doesn't exist take no memory. A sibling that appears beside a known file is seen a look later.
class FileLooks {
 public:
  explicit FileLooks(std::size_t looks_max = 4096) noexcept : looks_max_(looks_max) {}

  /// What stands at `path` of `tree`, as of at most `age_max` before `now`. The tree must outlive
  /// this object.
  FileLook look(const FileTree& tree, const std::string& path,
                std::chrono::system_clock::time_point now, std::chrono::milliseconds age_max);

  std::size_t count() const noexcept { return looks_.size(); }

 private:
  struct Key {
    const FileTree* tree;
    std::string path;
    bool operator==(const Key&) const = default;
  };
  struct KeyView {
    const FileTree* tree;
    std::string_view path;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const Key& key) const noexcept;
    std::size_t operator()(const KeyView& key) const noexcept;
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Key& a, const Key& b) const noexcept { return a == b; }
    bool operator()(const KeyView& a, const Key& b) const noexcept {
      return a.tree == b.tree && a.path == b.path;
    }
  };
  std::size_t looks_max_;
  std::unordered_map<Key, FileLook, Hash, Equal> looks_;
};

}  // namespace duplex::server

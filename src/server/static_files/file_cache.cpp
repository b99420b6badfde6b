#include "server/static_files/file_cache.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <functional>
#include <utility>
#include <vector>

#include <duplex/http/date.hpp>

namespace duplex::server {

namespace {

using std::chrono::system_clock;

void append_hex(std::string& text, std::uint64_t value) {
  char digits[16];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value, 16).ptr;
  text.append(digits, end);
}

std::string make_entity_tag(const FileStatus& status) {
  std::string tag = "\"";
  append_hex(tag, static_cast<std::uint64_t>(status.modified_unix_ns));
  tag += '-';
  append_hex(tag, status.size_bytes);
  tag += '-';
  append_hex(tag, status.inode);
  tag += '"';
  return tag;
}

/// Reads exactly `size` bytes; false when the file is shorter by now, or can't be read.
bool read_all(int file, std::byte* out, std::size_t size) noexcept {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = ::pread(file, out + done, size - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

/// Whether a change behind `read_at` would show in the status.
bool would_show_changes(const FileStatus& status, system_clock::time_point read_at) noexcept {
  const auto changed = std::chrono::nanoseconds(status.changed_unix_ns);
  return read_at.time_since_epoch() - changed > std::chrono::seconds(2);
}

}  // namespace

FileCacheLimits file_cache_limits(bool encrypted, std::size_t workers) noexcept {
  constexpr std::size_t encrypted_file_bytes_max = std::size_t{64} * 1024;
  constexpr rlim_t open_files_min = 16;
  constexpr rlim_t open_files_max = 512;
  FileCacheLimits limits;
  if (encrypted) limits.file_bytes_max = encrypted_file_bytes_max;
  rlimit descriptors{};
  ::getrlimit(RLIMIT_NOFILE, &descriptors);
  const rlim_t share = descriptors.rlim_cur / 4 / (2 * std::max<std::size_t>(workers, 1));
  limits.open_files_max = std::clamp(share, open_files_min, open_files_max);
  return limits;
}

std::size_t FileCache::Hash::operator()(const Key& key) const noexcept {
  return std::hash<std::string_view>()(key.path) ^ std::hash<const void*>()(key.tree);
}

std::shared_ptr<const LoadedFile> FileCache::load(const FileTree& tree, const std::string& path,
                                                  const FileSighting& seen,
                                                  system_clock::time_point now) {
  const auto found = index_.find({&tree, path});
  if (found != index_.end()) {
    const Entries::iterator entry = found->second;
    if (entry->holds_for(seen, now)) {
      Entries& entries = entries_of(*entry->file);
      entries.splice(entries.begin(), entries, entry);
      entry->used = true;
      return entry->file;
    }
    drop(entry);
  }
  std::shared_ptr<const LoadedFile> file = read(tree, path);
  if (file) insert({.tree = &tree, .path = path, .file = file, .read_at = now});
  return file;
}

/// Whether it is what was seen, or newer.
bool FileCache::Entry::holds_for(const FileSighting& seen, system_clock::time_point now) const {
  if (file->status != seen.status) return false;
  if (would_show_changes(file->status, read_at)) return true;
  // A clock that was set back tells nothing.
  return seen.when <= read_at && read_at <= now;
}

std::shared_ptr<const LoadedFile> FileCache::read(const FileTree& tree,
                                                  const std::string& path) const {
  auto opened = tree.open(path);
  if (!opened || opened->status.kind != FileStatus::Kind::file) return nullptr;

  auto file = std::make_shared<LoadedFile>();
  file->status = opened->status;
  file->entity_tag = make_entity_tag(opened->status);
  file->last_modified = http::format_date(opened->status.modified_unix_s());
  const std::uint64_t size = opened->status.size_bytes;
  if (size > limits_.file_bytes_max) {
    file->descriptor = std::make_shared<const net::Descriptor>(std::move(opened->descriptor));
    return file;
  }
  std::vector<std::byte> content(static_cast<std::size_t>(size));
  if (!read_all(opened->descriptor.number(), content.data(), content.size())) return nullptr;
  file->content = SharedBytes::copy_of(content);
  return file;
}

void FileCache::insert(Entry entry) {
  const LoadedFile& file = *entry.file;
  if (file.content.size() > limits_.total_bytes_max) return;
  if ((file.descriptor ? limits_.open_files_max : limits_.files_max) == 0) return;
  make_room(file);
  Entries& entries = entries_of(file);
  size_bytes_ += file.content.size();
  entries.push_front(std::move(entry));
  index_.emplace(Key{entries.front().tree, entries.front().path}, entries.begin());
}

void FileCache::make_room(const LoadedFile& file) noexcept {
  if (file.descriptor) {
    while (open_.size() >= limits_.open_files_max) drop(std::prev(open_.end()));
    return;
  }
  const std::size_t room = limits_.total_bytes_max - file.content.size();
  while (size_bytes_ > room || small_.size() >= limits_.files_max) drop(std::prev(small_.end()));
}

void FileCache::close_unused() noexcept {
  for (auto entry = open_.begin(); entry != open_.end();) {
    const auto here = entry++;
    if (!std::exchange(here->used, false)) drop(here);
  }
}

void FileCache::drop(Entries::iterator entry) noexcept {
  size_bytes_ -= entry->file->content.size();
  index_.erase({entry->tree, entry->path});
  entries_of(*entry->file).erase(entry);
}

}  // namespace duplex::server

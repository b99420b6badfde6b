#include "server/file_changes.hpp"

#include <sys/stat.h>

#include <utility>

namespace duplex::server {

namespace {

std::int64_t nanoseconds(const timespec& time) noexcept {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

std::vector<FileStamp> stamps_of(std::span<const std::string> paths) {
  std::vector<FileStamp> stamps;
  stamps.reserve(paths.size());
  for (const std::string& path : paths) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
      stamps.emplace_back();
      continue;
    }
    stamps.push_back({
        .there = true,
        .device = status.st_dev,
        .inode = status.st_ino,
        .size = status.st_size,
        .modified_ns = nanoseconds(status.st_mtim),
        .changed_ns = nanoseconds(status.st_ctim),
    });
  }
  return stamps;
}

bool FileChanges::look(std::vector<FileStamp> now) {
  const bool at_rest = now == seen_;
  seen_ = std::move(now);
  if (!at_rest || seen_ == known_) return false;
  known_ = seen_;
  return true;
}

}  // namespace duplex::server

#include "server/static_files/file_tree.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace duplex::server {

namespace {

std::error_code last_error() noexcept {
  return {errno, std::generic_category()};
}

constexpr std::int64_t nanoseconds(const statx_timestamp& time) noexcept {
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

std::expected<FileStatus, std::error_code> read_status(int folder, const char* path,
                                                       int flags) noexcept {
  struct statx raw;
  if (::statx(folder, path, flags, STATX_BASIC_STATS, &raw) != 0) {
    return std::unexpected(last_error());
  }
  FileStatus status;
  if (S_ISREG(raw.stx_mode)) status.kind = FileStatus::Kind::file;
  if (S_ISDIR(raw.stx_mode)) status.kind = FileStatus::Kind::folder;
  status.size_bytes = raw.stx_size;
  status.modified_unix_ns = nanoseconds(raw.stx_mtime);
  status.changed_unix_ns = nanoseconds(raw.stx_ctime);
  status.inode = raw.stx_ino;
  status.device = std::uint64_t{raw.stx_dev_major} << 32 | raw.stx_dev_minor;
  return status;
}

/// Non-blocking, so that a pipe that nobody writes doesn't hold the thread up.
constexpr int open_flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

int open_beneath(int folder, const char* path) noexcept {
  open_how how{};
  how.flags = open_flags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  // The kernel gives up with EAGAIN when something was renamed on the way, since it can't tell then
  // whether the way led out. Nothing is renamed all the time.
  constexpr int attempts_max = 8;
  for (int attempt = 0;; ++attempt) {
    const long number = ::syscall(SYS_openat2, folder, path, &how, sizeof how);
    const bool again = number < 0 && (errno == EAGAIN || errno == EINTR);
    if (!again || attempt == attempts_max) return static_cast<int>(number);
  }
}

}  // namespace

std::int64_t FileStatus::modified_unix_s() const noexcept {
  const std::int64_t whole = modified_unix_ns / 1'000'000'000;
  return modified_unix_ns % 1'000'000'000 < 0 ? whole - 1 : whole;
}

FileTree::FileTree(const std::string& folder)
    : folder_(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), confined_(true) {
  if (!folder_) {
    throw std::system_error(last_error(), "can't serve the folder \"" + folder +
                                              "\": name one that exists and may be read");
  }
  const net::Descriptor itself(open_beneath(folder_.number(), "."));
  if (itself) return;
  const std::error_code error = last_error();
  throw std::system_error(
      error, error == std::errc::permission_denied
                 ? "can't read the folder \"" + folder + "\": allow this user to read it"
                 : "can't confine requests to the folder \"" + folder +
                       "\": the system call openat2 is needed, of Linux 5.6 or later, and not "
                       "forbidden by a sandbox");
}

const FileTree& FileTree::everything() {
  static const FileTree tree;
  return tree;
}

int FileTree::folder_number() const noexcept {
  return confined_ ? folder_.number() : AT_FDCWD;
}

std::expected<FileStatus, std::error_code> FileTree::status(
    const std::string& path) const noexcept {
  return read_status(folder_number(), path.c_str(), 0);
}

std::expected<OpenFile, std::error_code> FileTree::open(const std::string& path) const noexcept {
  OpenFile file;
  file.descriptor.reset(confined_ ? open_beneath(folder_.number(), path.c_str())
                                  : ::open(path.c_str(), open_flags));
  if (!file.descriptor) return std::unexpected(last_error());
  const auto status = read_status(file.descriptor.number(), "", AT_EMPTY_PATH);
  if (!status) return std::unexpected(status.error());
  if (status->kind == FileStatus::Kind::other) {
    return std::unexpected(std::make_error_code(std::errc::permission_denied));
  }
  file.status = *status;
  return file;
}

}  // namespace duplex::server

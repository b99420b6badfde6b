#include "files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace duplex::app {
namespace {

[[noreturn]] void fail(std::string_view what, const std::string& path, int error) {
  throw std::runtime_error(
      fmt::format("can't {} {}: {}", what, path, std::generic_category().message(error)));
}

/// A file beside the one that is to be, gone at the end unless it took its place.
class Draft {
 public:
  explicit Draft(const NewFile& file) : path_(file.path), draft_(file.path + ".XXXXXX") {
    // mkostemp makes files of mode 0600 (POSIX).
    const int descriptor = ::mkostemp(draft_.data(), O_CLOEXEC);
    if (descriptor < 0) fail("write", path_, errno);
    const mode_t mode = file.readable == Readable::by_owner ? 0600 : 0644;
    const bool written = ::fchmod(descriptor, mode) == 0 && write(descriptor, file.text);
    const int error = errno;
    ::close(descriptor);
    if (written) return;
    ::unlink(draft_.c_str());
    fail("write", path_, error);
  }
  ~Draft() {
    ::unlink(draft_.c_str());
    if (takes_back_) ::unlink(path_.c_str());
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  void take_place(Existing existing) {
    const bool replace = existing == Existing::replace;
    // Unlike rename(2), link(2) refuses what exists. The draft's own name goes in the end.
    const int failed =
        replace ? ::rename(draft_.c_str(), path_.c_str()) : ::link(draft_.c_str(), path_.c_str());
    if (failed != 0) fail("write", path_, errno);
    takes_back_ = !replace;
  }
  void stay() { takes_back_ = false; }

 private:
  static bool write(int descriptor, std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = ::write(descriptor, text.data(), text.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return false;
      text.remove_prefix(static_cast<std::size_t>(count));
    }
    return ::fsync(descriptor) == 0;
  }

  std::string path_;
  std::string draft_;
  bool takes_back_ = false;
};

}  // namespace

std::string read_file(const std::string& path, std::size_t bytes_max) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             &std::fclose);
  if (!file) fail("read", path, errno);
  std::string text;
  std::array<char, 4096> buffer;
  while (std::feof(file.get()) == 0) {
    const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get());
    if (std::ferror(file.get()) != 0) fail("read", path, errno);
    text.append(buffer.data(), count);
    if (text.size() > bytes_max) fail("read", path, EFBIG);
  }
  return text;
}

bool file_exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

void write_files(std::span<const NewFile> files, Existing existing) {
  std::deque<Draft> drafts;
  for (const NewFile& file : files) drafts.emplace_back(file);
  for (Draft& draft : drafts) draft.take_place(existing);
  for (Draft& draft : drafts) draft.stay();
}

void check_place_for(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) fail("write", path, EISDIR);
  const Draft gone_at_once({.path = path, .text = "", .readable = Readable::by_owner});
}

void make_private_folder(const std::string& folder) {
  std::string path = folder;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) fail("make the folder", parent.string(), error.value());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) fail("make the folder", path, errno);
}

FolderLock::FolderLock(const std::string& folder)
    : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (descriptor_ < 0) fail("open the folder", folder, errno);
  while (::flock(descriptor_, LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    // A file system without locks: then two at once are up to their users.
    return;
  }
}

FolderLock::~FolderLock() {
  ::close(descriptor_);
}

}  // namespace duplex::app

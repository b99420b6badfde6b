#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace duplex::server {

/// A new folder that goes, with all that is in it, when the test does.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "duplex-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }

  /// Writes a file, and the folders above it.
  void write(std::string_view name, std::string_view content) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
  }

  void link(std::string_view target, std::string_view name) const {
    std::filesystem::create_symlink(target, path_ / name);
  }

  /// Sets the time of modification.
  void touch(std::string_view name, std::int64_t unix_s, long nanoseconds = 0) const {
    const timespec times[2] = {{unix_s, nanoseconds}, {unix_s, nanoseconds}};
    if (::utimensat(AT_FDCWD, (*this / name).c_str(), times, 0) != 0) {
      throw std::runtime_error("utimensat failed");
    }
  }

 private:
  std::filesystem::path path_;
};

}  // namespace duplex::server

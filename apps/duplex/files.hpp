#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

/// Small files, read and written whole. What does not work is thrown as std::runtime_error, in
/// words that name the file.
namespace duplex::app {

/// Of at most `bytes_max`, 1 MiB by default: what is larger is not what it is taken for.
std::string read_file(const std::string& path, std::size_t bytes_max = std::size_t{1024} * 1024);

bool file_exists(const std::string& path);

/// Who may read a file; its owner always may.
enum class Readable : std::uint8_t { by_owner, by_all };

/// Whether another file of that name may be replaced.
enum class Existing : std::uint8_t { keep, replace };

/// What a file is to be.
struct NewFile {
  std::string path;
  std::string text;
  Readable readable;
};

/// Writes files that are there whole or not at all, and that never, not even while they are being
/// written, may be read by more than `readable` says. When one of them can't be written, nothing
/// has changed, but for those that replaced others before it.
void write_files(std::span<const NewFile> files, Existing existing);

/// Finds out whether a file could be written there, which `write_files` would do much later.
void check_place_for(const std::string& path);

/// Makes a folder for its owner alone, and those above it; leaves one that exists as it is.
void make_private_folder(const std::string& folder);

/// While it lives, no other of the same folder does, in any process.
class FolderLock {
 public:
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace duplex::app

#include "client/partial_file.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "client/file_io.hpp"

namespace duplex::client {

namespace {

// A URL and a validator, each of which has to fit into a head.
constexpr std::size_t info_bytes_max = std::size_t{256} * 1024;

/// Whether nobody else is writing that file: two would mix what they bring.
bool lock(const net::Descriptor& file) noexcept {
  return ::flock(file.number(), LOCK_EX | LOCK_NB) == 0;
}

}  // namespace

PartialFile::PartialFile(std::string path)
    : path_(std::move(path)), part_path_(path_ + ".part"), info_path_(part_path_ + ".info") {}

std::optional<PartialFile::Origin> PartialFile::reopen(const std::string& url) {
  file_.reset();
  size_ = 0;
  // Two lines: the URL, and the validator.
  const net::Descriptor info_file(::open(info_path_.c_str(), O_RDONLY | O_CLOEXEC));
  std::string info;
  if (!info_file || read_all(info_file, info_bytes_max, info)) return std::nullopt;
  const std::size_t first_end = info.find('\n');
  if (first_end == std::string::npos || info.back() != '\n') return std::nullopt;
  Origin origin{.url = info.substr(0, first_end),
                .validator = info.substr(first_end + 1, info.size() - first_end - 2)};
  if (origin.url != url || origin.validator.empty()) return std::nullopt;
  net::Descriptor file(::open(part_path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  struct stat facts{};
  if (!file || !lock(file) || ::fstat(file.number(), &facts) != 0 || !S_ISREG(facts.st_mode))
    return std::nullopt;
  file_ = std::move(file);
  size_ = static_cast<std::uint64_t>(facts.st_size);
  return origin;
}

std::error_code PartialFile::create(const Origin& origin) {
  size_ = 0;
  file_.reset(::open(part_path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!file_ || !lock(file_)) return last_system_error();
  // What can't be resumed leaves no word of it.
  ::unlink(info_path_.c_str());
  if (::ftruncate(file_.number(), 0) != 0) return last_system_error();
  if (origin.validator.empty()) return {};
  const net::Descriptor info(
      ::open(info_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!info) return last_system_error();
  return write_all(info, as_bytes(origin.url + "\n" + origin.validator + "\n"));
}

std::error_code PartialFile::append(ConstBytes bytes) {
  const std::error_code error = write_all(file_, bytes);
  if (!error) size_ += bytes.size();
  return error;
}

std::error_code PartialFile::cut(std::uint64_t bytes) {
  if (::ftruncate(file_.number(), static_cast<off_t>(bytes)) != 0) return last_system_error();
  size_ = bytes;
  return {};
}

std::error_code PartialFile::complete() {
  // What the system could not write is told here, or by closing at the latest.
  if (::fsync(file_.number()) != 0) return last_system_error();
  if (::close(file_.release()) != 0) return last_system_error();
  if (::rename(part_path_.c_str(), path_.c_str()) != 0) return last_system_error();
  ::unlink(info_path_.c_str());
  return {};
}

}  // namespace duplex::client

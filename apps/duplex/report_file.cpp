#include "report_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

#include "files.hpp"

namespace duplex::app {
namespace {

/// A device or a pipe.
bool is_special(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error) && !std::filesystem::is_regular_file(path, error) &&
         !std::filesystem::is_directory(path, error);
}

void write_all(std::FILE* file, const std::string& name, const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), file) != text.size() || std::fflush(file) != 0) {
    throw std::system_error(errno, std::generic_category(),
                            fmt::format("can't write the report to {}", name));
  }
}

}  // namespace

void check_report_place(const std::string& path) {
  if (!path.empty() && path != "-" && !is_special(path)) check_place_for(path);
}

void write_report(const std::string& path, const std::string& text) {
  if (path.empty()) return;
  if (path == "-") return write_all(stdout, "standard output", text);
  if (is_special(path)) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "we"),
                                                               &std::fclose);
    if (!file) {
      throw std::system_error(errno, std::generic_category(), fmt::format("can't write {}", path));
    }
    return write_all(file.get(), path, text);
  }
  const NewFile file{.path = path, .text = text, .readable = Readable::by_all};
  write_files({&file, 1}, Existing::replace);
}

}  // namespace duplex::app

#include "tls/material.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include "tls/unusable.hpp"

namespace duplex::tls {
namespace {

// Chains have some KiB, a whole system's authorities some hundred; what is larger is a mistake.
constexpr std::size_t file_bytes_max = std::size_t{4} << 20U;

struct ClosesFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

[[noreturn]] void refuse_file(const std::string& file, int error) {
  throw Unusable("can't read " + file + ": " + std::generic_category().message(error));
}

std::string read_file(const std::string& file) {
  const std::unique_ptr<std::FILE, ClosesFile> in(std::fopen(file.c_str(), "rbe"));
  if (!in) refuse_file(file, errno);
  std::string content;
  std::array<char, 16384> piece{};
  do {
    const std::size_t bytes = std::fread(piece.data(), 1, piece.size(), in.get());
    if (std::ferror(in.get()) != 0) refuse_file(file, errno);
    content.append(piece.data(), bytes);
    if (content.size() > file_bytes_max) {
      throw Unusable(file + " is larger than 4 MiB: give a file of certificates or keys only");
    }
  } while (std::feof(in.get()) == 0);
  return content;
}

std::string_view without_first_blanks(std::string_view text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text;
}

}  // namespace

bool is_pem_text(std::string_view option) noexcept {
  return without_first_blanks(option).starts_with("-----BEGIN");
}

Material read_material(const std::string& option, std::string_view what) {
  if (is_pem_text(option)) {
    // OpenSSL looks for the beginning at the beginning of a line.
    return {.name = "the text that is given as " + std::string(what),
            .content = std::string(without_first_blanks(option))};
  }
  return {.name = option, .content = read_file(option)};
}

std::string read_passphrase(const std::string& file) {
  std::string line = read_file(file);
  line.resize(std::min(line.find_first_of("\r\n"), line.size()));
  if (line.empty()) {
    throw Unusable("the passphrase file " + file +
                   " begins with an empty line: put the passphrase in its first line");
  }
  return line;
}

}  // namespace duplex::tls

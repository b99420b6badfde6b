#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <duplex/server/options.hpp>
#include <duplex/tls/authority.hpp>
#include <duplex/tls/server_options.hpp>

namespace duplex::server {

/// What a server writes to its log, from any thread.
class TestLog {
 public:
  void write(LogLevel level, std::string_view sentence) {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(level, sentence);
  }
  /// Whether a line of that level holds `part`.
  bool has(LogLevel level, std::string_view part) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [its_level, sentence] : lines_) {
      if (its_level == level && sentence.find(part) != std::string::npos) return true;
    }
    return false;
  }

  /// How many lines there are of that level.
  std::size_t count(LogLevel level) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::ranges::count(lines_, level, [](const auto& line) { return line.first; }));
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<LogLevel, std::string>> lines_;
};

/// A folder with a certificate and its key, signed by an authority of the test's own.
class CertificateFiles {
 public:
  CertificateFiles()
      : folder_(std::filesystem::temp_directory_path() /
                ("duplex-tls-" + std::to_string(::getpid()) + "-" +
                 testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directory(folder_);
    renew({"localhost"});
  }
  ~CertificateFiles() { std::filesystem::remove_all(folder_); }
  CertificateFiles(const CertificateFiles&) = delete;
  CertificateFiles& operator=(const CertificateFiles&) = delete;

  tls::IssuedCertificate issue(const tls::CertificateRequest& request) const {
    return tls::issue(authority, request);
  }
  /// Replaces `NAME.pem` and `NAME-key.pem`.
  void renew(std::vector<std::string> names, const std::string& name = "cert") const {
    const auto issued = issue({.names = std::move(names)});
    write(name + ".pem", issued.certificate);
    write(name + "-key.pem", issued.key);
  }
  /// As tools that renew certificates do it: there is never half a file.
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / "new") << text;
    std::filesystem::rename(folder_ / "new", folder_ / name);
  }
  void remove(const std::string& name) const { std::filesystem::remove(folder_ / name); }

  tls::ServerOptions options(const std::string& name = "cert") const {
    return {.certificate = folder_ / (name + ".pem"), .key = folder_ / (name + "-key.pem")};
  }
  const std::filesystem::path& folder() const noexcept { return folder_; }

  tls::IssuedCertificate authority = tls::make_authority("Test authority");

 private:
  std::filesystem::path folder_;
};

}  // namespace duplex::server

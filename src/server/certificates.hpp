#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "server/file_changes.hpp"
#include "tls/reloadable_context.hpp"
#include <duplex/server/options.hpp>

namespace duplex::server {

/// What encrypts one listener, and the files that it was read from.
struct ListenerCertificates {
  /// Reads what `options` name. Throws std::runtime_error with a sentence on what is wrong.
  static ListenerCertificates open(const tls::ServerOptions& options);

  std::shared_ptr<tls::ReloadableContext> context;
  /// Those that are to be looked at again and again.
  std::vector<std::string> watched;
  FileChanges changes;
};

/// The certificates of a server's encrypted listeners, and how they are replaced while it runs:
/// open connections keep what they began with. Any thread.
class Certificates {
 public:
  using Log = std::function<void(LogLevel, std::string_view)>;

  /// `log` must not throw. It is called without any lock.
  explicit Certificates(Log log) : log_(std::move(log)) {}

  /// Answers for a listener's certificates from here on, and logs what they are. `place` is the
  /// listener's address.
  void add(std::string place, ListenerCertificates certificates);

  /// Reads all anew. Only if all is good, all of it is used; else nothing changes, and the error
  /// says where, what is wrong.
  std::expected<void, std::string> reload();

  /// Whether there are files to look at.
  bool watches() const;
  /// Looks at them once, and takes those that have changed into use, if they are good.
  void look();

 private:
  struct Entry {
    std::string place;
    ListenerCertificates certificates;
  };
  struct Line {
    LogLevel level;
    std::string sentence;
  };
  using Lines = std::vector<Line>;

  /// Has `lines` say what an entry uses, `verb` being how it came to that.
  static void describe_use(const Entry& entry, std::string_view verb, Lines& lines);
  void write(const Lines& lines) const;

  Log log_;
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace duplex::server

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace duplex::server {

/// Whether the path of a request can be given to routes and folders: it begins with a slash, every
/// `%` is a good escape, and, decoded, it has no NUL and no segment `.` or `..`; a slash counts as
/// one whether it is encoded or not. Clients resolve dot segments before they send (RFC 3986
/// section 5.2.4), so that those who don't are looking for a way out of a folder.
bool is_safe_path(std::string_view path) noexcept;

/// Whether the percent-encoded `segment` decodes to `literal`. No allocation.
bool decodes_to(std::string_view segment, std::string_view literal) noexcept;

/// The beginning of paths, segment by segment: `/a` is one of `/a`, `/a/` and `/a/b`, also when
/// spelled `/%61`, but not of `/ab`. The prefix `/` is one of every path.
class PathPrefix {
 public:
  /// Throws std::invalid_argument when `prefix` is no path, in words that say what to change. A
  /// slash at its end makes no difference.
  explicit PathPrefix(std::string_view prefix);

  /// What follows the prefix in the percent-encoded `path`: empty, or a view that begins with a
  /// slash; nullopt when `path` begins otherwise.
  std::optional<std::string_view> rest_of(std::string_view path) const noexcept;

  /// Whether `path` leads to or below the prefix in any reading: as `rest_of`, but with encoded
  /// slashes taken for slashes and empty segments left out, as the program behind may take them.
  /// For what guards a part of the tree. False for bad escapes, which match nothing.
  bool guards(std::string_view path) const;

  /// How many segments it has; of two prefixes of one path, the one with more is the closer one.
  std::size_t segment_count() const noexcept { return segments_.size(); }

 private:
  std::vector<std::string> segments_;
};

}  // namespace duplex::server

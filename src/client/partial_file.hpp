#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <system_error>

#include "net/descriptor.hpp"
#include <duplex/base/bytes.hpp>

namespace duplex::client {

/// A file that comes in parts: `PATH.part`, until it is complete, and beside it `PATH.part.info`,
/// which says of what it is a part. Blocks, as files do.
class PartialFile {
 public:
  /// Of what a part is one.
  struct Origin {
    std::string url;
    /// The strong entity tag or the date of last modification, as it came (RFC 9110 section 8.8).
    std::string validator;
    bool operator==(const Origin&) const = default;
  };

  explicit PartialFile(std::string path);

  const std::string& path() const noexcept { return path_; }
  const std::string& part_path() const noexcept { return part_path_; }

  /// Opens what is there of `url`. nullopt when there is nothing, or nobody knows of what: then
  /// nothing is open.
  std::optional<Origin> reopen(const std::string& url);
  /// Begins anew.
  std::error_code create(const Origin& origin);

  /// How much there is.
  std::uint64_t size() const noexcept { return size_; }
  std::error_code append(ConstBytes bytes);
  /// Drops what stands behind the first `bytes`.
  std::error_code cut(std::uint64_t bytes);
  /// All has come: puts the file in its place.
  std::error_code complete();

 private:
  std::string path_;
  std::string part_path_;
  std::string info_path_;
  net::Descriptor file_;
  std::uint64_t size_ = 0;
};

}  // namespace duplex::client

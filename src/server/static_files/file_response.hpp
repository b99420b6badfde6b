#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "connection/outbox.hpp"
#include "server/static_files/file_cache.hpp"
#include <duplex/base/shared_bytes.hpp>
#include <duplex/http/accept.hpp>
#include <duplex/http/entity_tag.hpp>
#include <duplex/http/fields.hpp>
#include <duplex/http/head.hpp>
#include <duplex/http/status.hpp>

namespace duplex::server {

/// A part of bytes that are shared with a cache.
struct BytesSlice {
  SharedBytes bytes;
  std::size_t offset = 0;
  std::size_t length = 0;
};

/// A response made of files. The server adds `Content-Length`, `Date` and `Connection`, and to an
/// error without content whatever it says to people.
struct FileResponse {
  using Piece = std::variant<std::string, BytesSlice, connection::FileRange>;

  http::Status status = http::Status::ok;
  http::Fields fields;
  /// What the pieces come to; for HEAD, what they would.
  std::uint64_t content_length = 0;
  /// The content, one piece behind the other: none for HEAD, 304 and errors; one for a whole file
  /// or a range; for several ranges texts and ranges by turns.
  std::vector<Piece> pieces;
};

/// A representation that was found for a request, before conditions and ranges are looked at.
struct FileRepresentation {
  const LoadedFile& file;
  std::string_view media_type;
  http::ContentCoding coding = http::ContentCoding::identity;
  /// Other representations stand at the same URL, in other codings.
  bool varies_by_coding = false;
  /// A single page that stands in for missing ones, for who asks for HTML.
  bool varies_by_media_type = false;
  /// The value of `Cache-Control`; empty for none.
  std::string_view cache_control = {};
  /// Validators that the program gives, instead of those that follow from the file.
  std::optional<http::EntityTag> own_entity_tag = {};
  std::optional<std::int64_t> own_modified_unix_s = {};
  /// Whether the answer would be 200, so that preconditions and ranges count.
  bool is_ok = true;
};

/// The response to a request for `representation`: to a GET or HEAD 200, 206, 304, 412 or 416 by
/// the request's preconditions (RFC 9110 section 13) and ranges (section 14); to another method,
/// which has been performed, 200. Between the parts of several ranges stands `boundary`, which the
/// content may not hold: random, and new for each response.
FileResponse respond_with(const FileRepresentation& representation, const http::RequestHead& head,
                          std::string_view boundary, std::chrono::system_clock::time_point now);

}  // namespace duplex::server

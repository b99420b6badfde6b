#pragma once

#include <cstddef>
#include <cstdint>

namespace duplex::http1 {

/// What one HTTP/1.1 peer may spend of our memory and time.
struct Limits {
  /// Request line and fields together. Four to eight times what nginx and Apache allow, because
  /// large cookies and tokens are a common complaint; more is answered 431. Holds for a trailer
  /// section, too.
  std::size_t head_bytes_max = std::size_t{64} * 1024;
  /// Field lines in a head, and in a trailer section. Apache allows 100. More is answered 431.
  std::size_t field_count_max = 128;
  /// The request target. RFC 9112 section 3 asks for at least 8000. More is answered 414.
  std::size_t target_bytes_max = std::size_t{16} * 1024;
  /// Content of one request, after chunked decoding. More is answered 413.
  std::uint64_t body_bytes_max = std::uint64_t{16} * 1024 * 1024;
  /// Chunk extensions of one request, all chunks together; they are ignored. Leaves room for
  /// those that sign each chunk (about 90 bytes). More is answered 400.
  std::uint64_t chunk_extension_bytes_max = std::uint64_t{64} * 1024;
  /// Content that is read and thrown away to keep a connection whose request was answered before
  /// all of it had come; with more outstanding the connection closes. Go's server has 256 KiB.
  std::uint64_t drain_bytes_max = std::uint64_t{256} * 1024;
};

}  // namespace duplex::http1

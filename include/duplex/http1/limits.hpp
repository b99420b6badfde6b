#pragma once

#include <cstddef>
#include <cstdint>

namespace duplex::http1 {

/// What one HTTP/1.1 client may spend of a server's memory and time.
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

/// What one HTTP/1.1 server may spend of a client's memory and time.
struct ResponseLimits {
  /// Status line and fields of one response together, also of an interim one. Firefox allows 384
  /// KiB, curl 300, Go ten mebibytes; servers themselves rarely allow more than 64. Holds for a
  /// trailer section, too.
  std::size_t head_bytes_max = std::size_t{256} * 1024;
  /// Field lines in a head, and in a trailer section. curl allows 5000, Python 100.
  std::size_t field_count_max = 256;
  /// Content of one response, after chunked decoding. None of its own: content is delivered in
  /// pieces and not kept here. Who collects it has a limit, and may tell `limit_body`.
  std::uint64_t body_bytes_max = UINT64_MAX;
  /// Chunk extensions of one response, all chunks together; they are ignored.
  std::uint64_t chunk_extension_bytes_max = std::uint64_t{64} * 1024;
  /// Interim responses (100, 102, 103) before a final one. Go allows 5, unless somebody listens.
  std::uint32_t interim_count_max = 32;
  /// Content that nobody wants but is read and thrown away to keep the connection; with more
  /// outstanding it is closed, which is cheaper then.
  std::uint64_t drain_bytes_max = std::uint64_t{256} * 1024;
};

}  // namespace duplex::http1

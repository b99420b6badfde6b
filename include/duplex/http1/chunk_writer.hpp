#pragma once

#include <cstdint>

#include <duplex/base/byte_queue.hpp>
#include <duplex/base/bytes.hpp>
#include <duplex/http/fields.hpp>

/// Chunked content (RFC 9112 section 7.1), the same in requests and responses: functions that
/// append to a queue, and allocate nothing but the queue's own block.
namespace duplex::http1 {

/// Appends `data` as one chunk (RFC 9112 section 7.1). Empty data writes nothing, since an empty
/// chunk would be the last.
void write_chunk(ConstBytes data, ByteQueue& out) noexcept;

/// Appends the size line of a chunk whose `data_bytes` (not zero) follow by another way, without a
/// copy; behind them goes what `write_chunk_tail` appends.
void write_chunk_head(std::uint64_t data_bytes, ByteQueue& out) noexcept;
void write_chunk_tail(ByteQueue& out) noexcept;

/// Appends the last chunk, the trailer section and its end. Fields that may not be trailers (RFC
/// 9110 section 6.5.1: framing, routing, connection) are left out.
void write_last_chunk(const http::Fields& trailers, ByteQueue& out) noexcept;
void write_last_chunk(ByteQueue& out) noexcept;

}  // namespace duplex::http1

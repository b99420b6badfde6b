#pragma once

#include <memory>

#include "websocket/deflate/effort.hpp"
#include <duplex/base/byte_queue.hpp>
#include <duplex/base/bytes.hpp>

namespace duplex::websocket {

class StreamDeflater;

/// Compresses messages that are there as a whole, each by itself: its result refers to nothing
/// before it, so that it may be sent to anybody whose window is large enough.
///
/// By ISA-L's igzip, which at level 1 takes a ninth (short messages, a fifth larger) to a half of
/// zlib's time, and at level 6 a quarter to three fifths, for up to 8 % more bytes of JSON
/// (bench/PARTS.md); from level 7 on by zlib, which is slow then and finds more. libdeflate was
/// measured too: at level 1 it is behind igzip, and it ends the stream, which inflaters that go on
/// with one stream for all messages don't survive.
class WholeDeflater {
 public:
  WholeDeflater() noexcept;
  WholeDeflater(const WholeDeflater&) = delete;
  WholeDeflater& operator=(const WholeDeflater&) = delete;
  ~WholeDeflater();

  /// Appends the payload of the frame (RFC 7692 section 7.2.1).
  void deflate(ConstBytes payload, const DeflateEffort& effort, ByteQueue& output);

 private:
  struct Igzip;

  void deflate_by_igzip(ConstBytes payload, const DeflateEffort& effort, ByteQueue& output);

  // Made when first needed: some 360 KiB, and for zlib 260.
  std::unique_ptr<Igzip> igzip_;
  std::unique_ptr<StreamDeflater> zlib_;
  DeflateEffort zlib_effort_;
};

}  // namespace duplex::websocket

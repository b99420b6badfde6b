#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace duplex::app::check {

/// What became of an attempt to read or write without waiting.
enum class Transfer : std::uint8_t {
  moved,    ///< Some bytes.
  blocked,  ///< None now.
  ended,    ///< The peer has ended its direction.
  broken,   ///< The connection is lost: reset, or an error of TLS.
};

struct TransferResult {
  Transfer transfer;
  std::size_t bytes = 0;
};

/// A connection of bytes, in clear or encrypted, that never waits.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  virtual TransferResult read(std::span<char> buffer) = 0;
  virtual TransferResult write(std::string_view bytes) = 0;
  /// Ends our direction.
  virtual void end_sending() = 0;
  /// To poll; what for is poll's `events`, when reading or writing was blocked.
  virtual int descriptor() const noexcept = 0;
  virtual short events_to_read() const noexcept = 0;
  virtual short events_to_write() const noexcept = 0;

 protected:
  ByteStream() = default;
};

/// In clear. Takes the descriptor, which must not block.
std::unique_ptr<ByteStream> make_plain_stream(int descriptor);

}  // namespace duplex::app::check

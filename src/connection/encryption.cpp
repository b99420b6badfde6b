#include "connection/encryption.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "tls/record.hpp"

namespace duplex::connection {

namespace {

// What is sealed before it is offered to the socket: some full records, few enough that a slow peer
// costs little, and that they are still in the cache when the system copies them.
constexpr std::size_t chunk_bytes = 4 * tls::record_content_bytes_max;

// A peer may make TLS answer (key updates, refused renegotiations) and not take the answers.
constexpr std::size_t answers_bytes_max = 4 * chunk_bytes;

// An output that something large has grown is given back.
constexpr std::size_t output_capacity_max = 4 * chunk_bytes;

constexpr std::size_t spans_max = 64;

std::error_code protocol_error() noexcept {
  return std::make_error_code(std::errc::protocol_error);
}

}  // namespace

/// Walks through spans.
class Encryption::Cursor {
 public:
  explicit Cursor(std::span<const iovec> spans) noexcept : spans_(spans) { skip_empty(); }

  bool done() const noexcept { return spans_.empty(); }
  std::size_t bytes_left() const noexcept {
    std::size_t bytes = 0;
    for (const iovec& span : spans_) bytes += span.iov_len;
    return bytes - offset_;
  }
  bool in_last() const noexcept { return spans_.size() == 1; }
  /// What is left of the span that is next; not when `done`.
  ConstBytes front() const noexcept {
    return ConstBytes(static_cast<const std::byte*>(spans_.front().iov_base),
                      spans_.front().iov_len)
        .subspan(offset_);
  }
  void advance(std::size_t count) noexcept {
    offset_ += count;
    skip_empty();
  }

 private:
  void skip_empty() noexcept {
    while (!spans_.empty() && offset_ == spans_.front().iov_len) {
      spans_ = spans_.subspan(1);
      offset_ = 0;
    }
  }

  std::span<const iovec> spans_;
  std::size_t offset_ = 0;
};

std::expected<bool, std::error_code> Encryption::begin(int socket) {
  const auto begun = stream_->begin();
  if (!begun) fail(begun.error());
  return send_sealed(socket);
}

// ---------------------------------------------------------------------------- input

net::Transferred Encryption::receive(int socket, Bytes buffer) {
  // Not so with the pipes there are; but what is decrypted would be written beyond the end.
  if (buffer.size() <= tls::Stream::opened_extra) {
    return {.state = net::Transfer::failed,
            .error = std::make_error_code(std::errc::no_buffer_space)};
  }
  const Bytes input = workspace_.input_buffer();
  const std::size_t wanted = std::min(input.size(), buffer.size() - tls::Stream::opened_extra);
  const net::Transferred received = net::receive(socket, input.first(wanted));
  if (received.state == net::Transfer::closed) {
    fail({tls::TlsError::truncated, stream_->established()
                                        ? "the peer's end came without close_notify"
                                        : "the peer went away during the handshake"});
    return {.state = net::Transfer::failed};
  }
  if (received.state != net::Transfer::ok) return received;

  const auto opened = stream_->open(input.first(received.bytes), buffer);
  const auto sent = send_sealed(socket);
  if (!opened) {
    fail(opened.error());
    return {.state = net::Transfer::failed};
  }
  if (!sent) return {.state = net::Transfer::failed, .error = sent.error()};
  if (unsent_.size() > answers_bytes_max) {
    fail({tls::TlsError::broken, "the peer does not take what TLS answers"});
    return {.state = net::Transfer::failed};
  }
  input_ended_ = opened->ended;
  if (opened->plaintext_bytes > 0) return {.bytes = opened->plaintext_bytes};
  return {.state = input_ended_ ? net::Transfer::closed : net::Transfer::would_block};
}

void Encryption::fail(tls::Failure failure) {
  if (!failure_) failure_ = std::make_unique<const tls::Failure>(std::move(failure));
}

// ---------------------------------------------------------------------------- output

bool Encryption::seal(ConstBytes plaintext) {
  const auto sealed = stream_->seal(plaintext);
  if (!sealed) fail(sealed.error());
  return sealed.has_value();
}

/// Seals up to a chunk of what `cursor` is at, and moves it on by as much; 0 when TLS has failed.
std::size_t Encryption::seal_some(Cursor& cursor) {
  constexpr std::size_t record_bytes_max = tls::record_content_bytes_max;
  std::size_t sealed = 0;
  while (!cursor.done() && sealed < chunk_bytes) {
    ConstBytes piece = cursor.front();
    if (piece.size() >= record_bytes_max || cursor.in_last()) {
      // Whole records, and the last one, straight from where they are.
      piece = piece.first(std::min(piece.size(), chunk_bytes));
      if (!cursor.in_last())
        piece = piece.first(piece.size() / record_bytes_max * record_bytes_max);
      if (!seal(piece)) return 0;
      cursor.advance(piece.size());
      sealed += piece.size();
      continue;
    }
    const Bytes record = workspace_.record_buffer();
    std::size_t filled = 0;
    while (!cursor.done() && filled < record.size()) {
      const std::size_t count = std::min(cursor.front().size(), record.size() - filled);
      std::memcpy(record.data() + filled, cursor.front().data(), count);
      cursor.advance(count);
      filled += count;
    }
    if (!seal(record.first(filled))) return 0;
    sealed += filled;
  }
  return sealed;
}

/// Seals what comes first in `outbox`; the answer is how much of it.
std::expected<std::size_t, std::error_code> Encryption::seal_next(const Outbox& outbox) {
  std::size_t sealed = 0;
  if (const FileRange* file = outbox.next_file()) {
    const Bytes buffer = workspace_.input_buffer().first(std::min(chunk_bytes, file->length));
    const net::Transferred read = net::read_file(file->file->number(), file->offset, buffer);
    if (read.state == net::Transfer::failed) return std::unexpected(read.error);
    if (read.state == net::Transfer::closed) {
      return std::unexpected(std::make_error_code(std::errc::io_error));
    }
    if (seal(buffer.first(read.bytes))) sealed = read.bytes;
  } else {
    std::array<iovec, spans_max> spans;
    const std::size_t count = outbox.next_spans(spans);
    Cursor cursor(std::span<const iovec>(spans).first(count));
    sealed = seal_some(cursor);
  }
  if (sealed == 0) return std::unexpected(protocol_error());
  return sealed;
}

net::Transferred Encryption::send(int socket, std::span<const iovec> spans) {
  const auto taken = send_unsent(socket);
  if (!taken) return {.state = net::Transfer::failed, .error = taken.error()};
  if (!*taken) return {.state = net::Transfer::would_block};
  if (clear()) return net::send(socket, spans);
  if (failure_) return {.bytes = Cursor(spans).bytes_left()};
  std::size_t sent = 0;
  for (Cursor cursor(spans); !cursor.done();) {
    const std::size_t sealed = seal_some(cursor);
    if (sealed == 0) return {.state = net::Transfer::failed, .error = protocol_error()};
    sent += sealed;
    const auto all_taken = send_sealed(socket);
    if (!all_taken) return {.state = net::Transfer::failed, .error = all_taken.error()};
    if (!*all_taken) break;
  }
  return {.bytes = sent};
}

std::expected<bool, std::error_code> Encryption::send(int socket, Outbox& outbox) {
  auto all_taken = send_unsent(socket);
  if (!all_taken || !*all_taken) return all_taken;
  if (clear()) return outbox.flush(socket);
  if (failure_) {
    outbox.clear();
    return true;
  }
  std::size_t sent = 0;
  while (!outbox.empty() && sent < Outbox::flush_bytes_max) {
    // What is small goes with what follows: the head of a response with its file.
    while (!outbox.empty() && workspace_.output().size() < chunk_bytes) {
      const auto sealed = seal_next(outbox);
      if (!sealed) {
        workspace_.output().clear();
        return std::unexpected(sealed.error());
      }
      outbox.consume(*sealed);
      sent += *sealed;
    }
    all_taken = send_sealed(socket);
    if (!all_taken || !*all_taken) return all_taken;
  }
  return outbox.empty();
}

std::expected<bool, std::error_code> Encryption::end(int socket) {
  if (!std::exchange(end_sealed_, true) && !failure_) {
    stream_->end();
    return send_sealed(socket);
  }
  return send_unsent(socket);
}

/// Sends what was sealed before. False when some of it still waits.
std::expected<bool, std::error_code> Encryption::send_unsent(int socket) {
  if (unsent_.empty()) return true;
  const net::Transferred result = net::send(socket, ConstBytes(unsent_.content()));
  if (result.state == net::Transfer::failed) return std::unexpected(result.error);
  if (result.state != net::Transfer::would_block) unsent_.consume(result.bytes);
  if (!unsent_.empty()) return false;
  unsent_.release();
  return true;
}

/// Sends what has just been sealed; the rest is kept. False when something waits.
std::expected<bool, std::error_code> Encryption::send_sealed(int socket) {
  ByteQueue& output = workspace_.output();
  std::expected<bool, std::error_code> all_taken = unsent_.empty();
  std::size_t sent = 0;
  if (unsent_.empty() && !output.empty()) {
    const net::Transferred result = net::send(socket, ConstBytes(output.content()));
    if (result.state == net::Transfer::failed) all_taken = std::unexpected(result.error);
    sent = result.bytes;
  }
  if (all_taken && sent < output.size()) {
    unsent_.append(ConstBytes(output.content()).subspan(sent));
    all_taken = false;
  }
  output.clear();
  if (output.capacity() > output_capacity_max) output.release();
  return all_taken;
}

}  // namespace duplex::connection

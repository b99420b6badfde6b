#include "connection/outbox.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <utility>
#include <variant>
#include <vector>

#include "net/socket.hpp"
#include <duplex/base/byte_queue.hpp>

namespace duplex::connection {
namespace {

/// The next `length` bytes of `State::owned`.
struct OwnedPart {
  std::size_t length = 0;
};

struct SharedPart {
  SharedBytes bytes;
  std::size_t offset = 0;

  ConstBytes rest() const noexcept { return bytes.bytes().subspan(offset); }
};

/// Files are rare, and larger than the rest: out of line.
using FilePart = std::unique_ptr<FileRange>;

using Part = std::variant<OwnedPart, SharedPart, FilePart>;
static_assert(sizeof(Part) <= 24, "a slow subscriber holds one for each message");

// A slow subscriber of tiny messages would otherwise hold many times what they are.
constexpr std::size_t copied_bytes_max = 64;

// What a pooled state may keep: room for a few small replies or a burst of messages.
constexpr std::size_t owned_kept_max = std::size_t{4} * 1024;
constexpr std::size_t parts_kept_max = 64;
// What the pool of one thread may hold in all: the states of a few thousand subscribers, each of
// which gets one message.
constexpr std::size_t pool_bytes_max = std::size_t{1024} * 1024;

iovec as_iovec(ConstBytes bytes) noexcept {
  // Nobody writes through it; the type only fails to say so.
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

}  // namespace

struct Outbox::State {
  /// The parts from `first` on are to be sent; a vector, so that a recycled state keeps its room.
  std::vector<Part> parts;
  std::size_t first = 0;
  /// All owned bytes, in order, whatever lies between them.
  ByteQueue owned;
  std::size_t held_bytes = 0;
  std::uint64_t file_bytes = 0;
  std::size_t files = 0;
  State* next_pooled = nullptr;

  Part& front() noexcept { return parts[first]; }

  void push(Part part) {
    // Sent parts make room first, when they are many enough for moving the others to pay off.
    if (parts.size() == parts.capacity() && first >= parts.size() / 2) {
      parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(first));
      first = 0;
    }
    parts.push_back(std::move(part));
  }

  /// Drops all content; keeps a moderate amount of memory.
  void reset() noexcept {
    if (parts.capacity() > parts_kept_max) {
      parts = std::vector<Part>();
    } else {
      parts.clear();
    }
    if (owned.capacity() > owned_kept_max) {
      owned.release();
    } else {
      owned.clear();
    }
    first = 0;
    held_bytes = 0;
    file_bytes = 0;
    files = 0;
  }

  std::size_t footprint_bytes() const noexcept {
    return sizeof(State) + parts.capacity() * sizeof(Part) + owned.capacity();
  }
};

/// One thread's states that are not in use, so that a broadcast to many subscribers allocates
/// nothing. A state may come from another thread: it is only memory.
class Outbox::Pool {
 public:
  Pool() noexcept = default;
  ~Pool() {
    ended() = true;
    while (first_ != nullptr) delete pop();
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  static State* take() {
    if (!ended() && mine().first_ != nullptr) return mine().pop();
    return new State;
  }

  static void give_back(State* state) noexcept {
    state->reset();
    // Outboxes with static storage may outlive the pool.
    if (ended() || mine().bytes_ + state->footprint_bytes() > pool_bytes_max) {
      delete state;
    } else {
      mine().push(state);
    }
  }

 private:
  /// Whether this thread's pool is destroyed, and may not be touched.
  static bool& ended() noexcept {
    static thread_local bool value = false;
    return value;
  }
  static Pool& mine() noexcept {
    static thread_local Pool pool;
    return pool;
  }

  void push(State* state) noexcept {
    bytes_ += state->footprint_bytes();
    state->next_pooled = std::exchange(first_, state);
  }
  State* pop() noexcept {
    State* state = std::exchange(first_, first_->next_pooled);
    bytes_ -= state->footprint_bytes();
    return state;
  }

  State* first_ = nullptr;
  std::size_t bytes_ = 0;
};

void Outbox::Recycle::operator()(State* state) const noexcept {
  Pool::give_back(state);
}

Outbox::State& Outbox::state() {
  if (state_ == nullptr) state_.reset(Pool::take());
  return *state_;
}

void Outbox::append(ConstBytes bytes) {
  if (bytes.empty()) return;
  State& queue = state();
  queue.owned.append(bytes);
  queue.held_bytes += bytes.size();
  if (queue.first < queue.parts.size()) {
    if (auto* last = std::get_if<OwnedPart>(&queue.parts.back())) {
      last->length += bytes.size();
      return;
    }
  }
  queue.push(OwnedPart{bytes.size()});
}

void Outbox::append(SharedBytes bytes, std::size_t offset) {
  if (offset >= bytes.size()) return;
  if (!empty() && bytes.size() - offset <= copied_bytes_max) {
    return append(bytes.bytes().subspan(offset));
  }
  State& queue = state();
  queue.held_bytes += bytes.size() - offset;
  queue.push(SharedPart{std::move(bytes), offset});
}

void Outbox::append(FileRange range) {
  if (range.length == 0) return;
  State& queue = state();
  queue.file_bytes += range.length;
  ++queue.files;
  queue.push(std::make_unique<FileRange>(std::move(range)));
}

std::uint64_t Outbox::queued_bytes() const noexcept {
  return state_->held_bytes + state_->file_bytes;
}

std::size_t Outbox::queued_held_bytes() const noexcept {
  return state_->held_bytes;
}

std::size_t Outbox::queued_files() const noexcept {
  return state_->files;
}

std::expected<bool, std::error_code> Outbox::flush(int socket) {
  std::array<iovec, IOV_MAX> spans;
  std::size_t sent = 0;
  while (!empty()) {
    if (sent >= flush_bytes_max) return false;
    net::Transferred result;
    std::size_t offered = 0;
    if (const FileRange* file = next_file()) {
      offered = std::min<std::uint64_t>(file->length, flush_bytes_max - sent);
      result = net::send_file(socket, file->file->number(), file->offset, offered);
      if (result.state == net::Transfer::closed) {
        return std::unexpected(std::make_error_code(std::errc::io_error));
      }
      // The end of a file may cut it short as well as a full socket does: the next call tells.
      if (result.state == net::Transfer::ok) offered = result.bytes;
    } else {
      const std::size_t count = next_spans(spans);
      for (std::size_t i = 0; i < count; ++i) offered += spans[i].iov_len;
      const bool more_follows = offered < size_bytes();
      result = net::send(socket, std::span(spans).first(count), more_follows);
    }
    if (result.state == net::Transfer::failed) return std::unexpected(result.error);
    if (result.state == net::Transfer::would_block) return false;
    consume(result.bytes);
    sent += result.bytes;
    if (result.bytes < offered) return false;
  }
  return true;
}

std::size_t Outbox::next_spans(std::span<iovec> spans) const noexcept {
  if (state_ == nullptr) return 0;
  ConstBytes owned = std::as_const(state_->owned).content();
  std::size_t count = 0;
  for (std::size_t i = state_->first; i < state_->parts.size() && count < spans.size(); ++i) {
    const Part& part = state_->parts[i];
    if (std::holds_alternative<FilePart>(part)) break;
    if (const auto* shared = std::get_if<SharedPart>(&part)) {
      spans[count++] = as_iovec(shared->rest());
      continue;
    }
    const std::size_t length = std::get_if<OwnedPart>(&part)->length;
    spans[count++] = as_iovec(owned.first(length));
    owned = owned.subspan(length);
  }
  return count;
}

const FileRange* Outbox::next_file() const noexcept {
  if (state_ == nullptr) return nullptr;
  const auto* file = std::get_if<FilePart>(&state_->front());
  return file == nullptr ? nullptr : file->get();
}

void Outbox::consume(std::uint64_t count) noexcept {
  while (count > 0 && state_ != nullptr) {
    Part& part = state_->front();
    std::uint64_t length = 0;
    bool whole = false;
    if (auto* owned = std::get_if<OwnedPart>(&part)) {
      length = std::min<std::uint64_t>(count, owned->length);
      owned->length -= length;
      whole = owned->length == 0;
      state_->owned.consume(length);
      state_->held_bytes -= length;
    } else if (auto* shared = std::get_if<SharedPart>(&part)) {
      length = std::min<std::uint64_t>(count, shared->rest().size());
      shared->offset += length;
      whole = shared->offset == shared->bytes.size();
      state_->held_bytes -= length;
      // At once, not when the whole queue is sent: others may wait for the memory.
      if (whole) shared->bytes = {};
    } else {
      FilePart& file = *std::get_if<FilePart>(&part);
      length = std::min(count, file->length);
      file->offset += length;
      file->length -= length;
      whole = file->length == 0;
      state_->file_bytes -= length;
      if (whole) {
        file.reset();
        --state_->files;
      }
    }
    count -= length;
    if (whole && ++state_->first == state_->parts.size()) state_.reset();
  }
}

}  // namespace duplex::connection

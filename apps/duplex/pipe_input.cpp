#include "pipe_input.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "record_splitter.hpp"
#include <duplex/base/bytes.hpp>
#include <duplex/base/utf8.hpp>

namespace duplex::app {
namespace {

constexpr std::size_t read_bytes = std::size_t{64} * 1024;
/// What a message weighs beside its payload.
constexpr std::size_t message_weight = 64;

/// Waits for input; false when there is none to wait for any more.
bool wait_for_input(const PipeInput::Options& options) {
  std::array<pollfd, 2> polled = {pollfd{options.descriptor, POLLIN, 0},
                                  pollfd{options.stop_descriptor, POLLIN, 0}};
  while (::poll(polled.data(), polled.size(), -1) < 0) {
    if (errno != EINTR) return false;
  }
  return polled[1].revents == 0;
}

/// The sink of messages, with what is wrong with one of them.
class Messages {
 public:
  Messages(Inflow<Action>& actions, bool binary) noexcept : actions_(actions), binary_(binary) {}

  bool push(std::string_view payload, std::size_t number) {
    if (!binary_ && !is_valid_utf8(as_bytes(payload))) {
      failure_ = fmt::format(
          "message {} of standard input is not UTF-8, as text has to be; --binary sends it as it "
          "is",
          number);
      return false;
    }
    const auto opcode = binary_ ? websocket::Opcode::binary : websocket::Opcode::text;
    return actions_.push(SendMessage{opcode, std::string(payload)},
                         payload.size() + message_weight);
  }

  const std::string& failure() const noexcept { return failure_; }

 private:
  Inflow<Action>& actions_;
  std::string failure_;
  bool binary_;
};

}  // namespace

std::string PipeInput::pump(Inflow<Action>& actions) {
  Messages messages(actions, options_.binary);
  const bool framed = options_.framing != Framing::unframed;
  RecordSplitter records(options_.framing == Framing::nulls ? '\0' : '\n',
                         options_.record_bytes_max);
  std::string buffer(framed ? read_bytes : options_.chunk_bytes, '\0');
  std::size_t number = 0;
  bool goes_on = true;
  const auto take = [&](std::string_view record) {
    goes_on = goes_on && messages.push(record, ++number);
  };
  while (goes_on && wait_for_input(options_)) {
    // The analyzer believes that the queue's lock is still held; `push` lets it go.
    // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection)
    const ssize_t count = ::read(options_.descriptor, buffer.data(), buffer.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) {
      return fmt::format("can't read standard input: {}", std::generic_category().message(errno));
    }
    if (count == 0) {
      if (const auto rest = records.rest()) take(*rest);
      break;
    }
    const std::string_view piece(buffer.data(), static_cast<std::size_t>(count));
    if (!framed) {
      take(piece);
    } else if (!records.feed(piece, take)) {
      return fmt::format("message {} of standard input exceeds --max-message", number + 1);
    }
  }
  return messages.failure();
}

}  // namespace duplex::app

#include "messages.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>

namespace duplex::stress {

namespace {

/// A prime, so that no two keys are soon in step.
constexpr std::size_t period = 65'521;

const std::string& letters() {
  static const std::string all = [] {
    std::string text;
    Random random(period);
    // Words that come again, for the compression.
    while (text.size() < 2 * period)
      text.append(1 + random.below(8), static_cast<char>('a' + random.below(26)));
    // What is behind the period is what is in front.
    text.resize(period);
    text += text;
    return text;
  }();
  return all;
}

/// What stands in front of the text of a message: `0g17.3.20 `.
struct Head {
  char hops = '0';
  char hearing = 'g';
  std::uint64_t voice = 0;
  std::uint64_t number = 0;
  std::uint64_t size = 0;
};

std::uint64_t key_of(const Head& head) {
  return head.voice * 1'000'003 + head.number;
}

std::string to_string(const Head& head) {
  return std::string{head.hops, head.hearing} + std::to_string(head.voice) + "." +
         std::to_string(head.number) + "." + std::to_string(head.size) + " ";
}

std::optional<Head> parse(std::string_view message, std::string_view& text) {
  if (message.size() < 2) return std::nullopt;
  Head head{.hops = message[0], .hearing = message[1]};
  message.remove_prefix(2);
  for (const auto& [number, separator] :
       {std::pair{&head.voice, '.'}, std::pair{&head.number, '.'}, std::pair{&head.size, ' '}}) {
    const auto [end, error] =
        std::from_chars(message.data(), message.data() + message.size(), *number);
    message.remove_prefix(static_cast<std::size_t>(end - message.data()));
    if (error != std::errc{} || !message.starts_with(separator)) return std::nullopt;
    message.remove_prefix(1);
  }
  text = message;
  return head;
}

}  // namespace

std::string text_of(std::uint64_t key, std::size_t from, std::size_t size) {
  std::string text;
  text.reserve(size);
  const std::size_t at = (key * 7'919 + from) % period;
  while (text.size() < size) text.append(letters(), at, std::min(period, size - text.size()));
  return text;
}

std::size_t some_size(Random& random) {
  constexpr std::array<std::uint32_t, 6> limits = {10, 10, 200, 200, 20'000, 300'000};
  return random.below(random.of(limits));
}

Voice::Voice(Hearing hearing) : hearing_(hearing) {
  static std::atomic<std::uint64_t> last = 0;
  id_ = ++last;
}

std::string Voice::say(std::size_t size) const {
  const Head head{.hearing = hearing_ == Hearing::complete ? 'g' : 'o',
                  .voice = id_,
                  .number = number_,
                  .size = size};
  return to_string(head) + text_of(key_of(head), 0, size);
}

std::string echo_of(std::string_view message) {
  std::string echo(message);
  if (echo.empty() || echo[0] >= '3') return {};
  ++echo[0];
  return echo;
}

void Ear::hear(std::string_view message) {
  std::string_view text;
  const auto head = parse(message, text);
  if (!head) return refuse(message, "a message that nobody has sent");
  if (text.size() != head->size || text != text_of(key_of(*head), 0, head->size)) {
    return refuse(message, "a message that was changed");
  }
  auto& next = next_[{head->hops, head->voice}];
  const bool ordered = way_ == Way::one_connection || head->hearing == 'g';
  if (ordered && head->number < next)
    return refuse(message, "a message that is doubled or out of order");
  if (head->hops == '0' && head->hearing == 'g' && head->number != next) {
    return refuse(message, "a message, and not what was sent before it");
  }
  next = head->number + 1;
  ledger_->note(Event::message);
}

void Ear::hear(std::string_view piece, bool first, bool last) {
  if (first != !begun_) return refuse(piece, "a piece that belongs elsewhere");
  if (first) begun_.emplace();
  *begun_ += piece;
  if (!last) return;
  hear(*begun_);
  begun_.reset();
}

void Ear::refuse(std::string_view message, std::string_view why) {
  ledger_->complain(whose_ + " got " + std::string(why) + ": " +
                    std::string(message.substr(0, 60)));
}

std::string Content::next(std::size_t size) {
  std::string piece = text_of(key_, size_, size);
  size_ += size;
  return piece;
}

void Content::take(Ledger& ledger, std::string_view piece) {
  const bool stops = piece.ends_with(stop);
  if (stops) piece.remove_suffix(1);
  if (stopped_ || piece != text_of(key_, size_, piece.size())) {
    ledger.complain("content that was changed: " + std::string(piece.substr(0, 60)));
  }
  size_ += piece.size();
  stopped_ = stops;
}

void Content::end(Ledger& ledger) const {
  if (!stopped_) {
    ledger.complain("content that was cut off is said to be all, at " + std::to_string(size_));
  } else {
    ledger.note(Event::content);
  }
}

}  // namespace duplex::stress

#include "printable_stream.hpp"

#include <cstddef>
#include <utility>

#include "printable.hpp"

namespace duplex::app {
namespace {

/// How much at the end of `text` may mean something else with more behind it: the beginning of a
/// character of UTF-8, or a carriage return.
std::size_t open_bytes(std::string_view text) noexcept {
  if (text.ends_with('\r')) return 1;
  constexpr std::size_t character_bytes_max = 4;
  for (std::size_t count = 1; count < character_bytes_max && count <= text.size(); ++count) {
    const auto byte = static_cast<unsigned char>(text[text.size() - count]);
    if ((byte & 0xC0U) == 0x80U) continue;
    const std::size_t announced = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    return announced > count ? count : 0;
  }
  return 0;
}

std::string without_carriage_returns(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    result += text[i];
  }
  return result;
}

}  // namespace

std::string PrintableStream::feed(std::string_view piece) {
  incomplete_ += piece;
  const std::size_t open = open_bytes(incomplete_);
  const std::string_view complete =
      std::string_view(incomplete_).substr(0, incomplete_.size() - open);
  std::string shown = printable(without_carriage_returns(complete), LineBreaks::keep);
  incomplete_.erase(0, complete.size());
  return shown;
}

std::string PrintableStream::finish() {
  return printable(std::exchange(incomplete_, {}), LineBreaks::keep);
}

}  // namespace duplex::app

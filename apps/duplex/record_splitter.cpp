#include "record_splitter.hpp"

#include <utility>

namespace duplex::app {

bool RecordSplitter::feed(std::string_view piece,
                          const std::function<void(std::string_view)>& take) {
  while (!piece.empty()) {
    const std::size_t end = piece.find(delimiter_);
    const std::string_view part = piece.substr(0, end);
    if (part.size() > bytes_max_ - incomplete_.size()) return false;
    if (end == std::string_view::npos) {
      incomplete_ += part;
      return true;
    }
    ++count_;
    if (incomplete_.empty()) {
      take(part);
    } else {
      incomplete_ += part;
      take(std::exchange(incomplete_, {}));
    }
    piece.remove_prefix(end + 1);
  }
  return true;
}

std::optional<std::string> RecordSplitter::rest() {
  if (incomplete_.empty()) return std::nullopt;
  ++count_;
  return std::exchange(incomplete_, {});
}

}  // namespace duplex::app

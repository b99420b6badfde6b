#include "report.hpp"

#include <fmt/format.h>

namespace duplex::app::check {
namespace {

char mark_of(Direction direction) {
  switch (direction) {
    case Direction::sent: return '>';
    case Direction::received: return '<';
    case Direction::note: return '*';
  }
  return ' ';
}

}  // namespace

std::string log_line(const Log::Entry& entry) {
  return fmt::format("{:9.2f} ms {} {}", static_cast<double>(entry.time.count()) / 1000,
                     mark_of(entry.direction), entry.text);
}

std::string summary(const Counts& counts) {
  return fmt::format("{} right, {} acceptable, {} wrong, {} not applicable", counts.right,
                     counts.acceptable, counts.wrong, counts.not_applicable);
}

std::string sentence(std::string text) {
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z') {
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  }
  return text;
}

}  // namespace duplex::app::check

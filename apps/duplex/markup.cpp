#include "markup.hpp"

#include "printable.hpp"

namespace duplex::app {

namespace {

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
    text.replace(at, what.size(), by);
  }
}

}  // namespace

std::string escape_markup(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char character : printable(text, LineBreaks::keep)) {
    switch (character) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      case '\n': escaped += "&#10;"; break;
      default: escaped += character;
    }
  }
  // All else that XML 1.0 section 2.2 forbids is escaped for terminals already.
  replace_all(escaped, "\uFFFE", "\\u{FFFE}");
  replace_all(escaped, "\uFFFF", "\\u{FFFF}");
  return escaped;
}

}  // namespace duplex::app

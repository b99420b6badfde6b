#pragma once

#include <string>
#include <string_view>

namespace duplex::app {

/// `printable` for text that comes in pieces, cut anywhere, with its lines: CR LF ends one, too.
class PrintableStream {
 public:
  /// What of the text so far can be shown, and has not been.
  std::string feed(std::string_view piece);
  /// The rest, which lacks its end.
  std::string finish();

 private:
  std::string incomplete_;
};

}  // namespace duplex::app

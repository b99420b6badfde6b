#include "printable_stream.hpp"

#include <gtest/gtest.h>

namespace duplex::app {
namespace {

TEST(PrintableStream, DoesNotCareHowItsInputIsCut) {
  const std::string_view text = "aé漢🙂\r\n\x1b[31m\tred\rover\n\xff\xc3\n";
  const std::string_view expected = "aé漢🙂\n\\x1b[31m\tred\\rover\n\\xff\\xc3\n";
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      PrintableStream stream;
      std::string shown = stream.feed(text.substr(0, first));
      shown += stream.feed(text.substr(first, second - first));
      shown += stream.feed(text.substr(second));
      EXPECT_EQ(shown + stream.finish(), expected) << first << ' ' << second;
    }
  }
}

TEST(PrintableStream, ShowsWhatIsLeftInTheEnd) {
  for (const auto& [text, expected] :
       {std::pair("\xe6\xbc", "\\xe6\\xbc"), std::pair("\r", "\\r")}) {
    PrintableStream stream;
    EXPECT_EQ(stream.feed(text), "");
    EXPECT_EQ(stream.finish(), expected);
    EXPECT_EQ(stream.finish(), "");
  }
}

}  // namespace
}  // namespace duplex::app

#include "markup.hpp"

#include <gtest/gtest.h>

namespace duplex::app {
namespace {

TEST(Markup, IsEscaped) {
  EXPECT_EQ(escape_markup("<a b=\"c\">&'\n\x01\xff"),
            "&lt;a b=&quot;c&quot;&gt;&amp;&#39;&#10;\\x01\\xff");
}

TEST(Markup, HasNoCharacterThatXmlForbids) {
  EXPECT_EQ(escape_markup("\uFFFE\uFFFF\uFFFD"), "\\u{FFFE}\\u{FFFF}\uFFFD");
}

}  // namespace
}  // namespace duplex::app

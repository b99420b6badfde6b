#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <duplex/websocket/extensions.hpp>

namespace duplex::websocket {
namespace {

using enum ExtensionError;

/// What the reader makes of the values of these lines: `a; b="value", c`, and at the end a word for
/// what went wrong.
std::string read(const std::vector<std::string>& values) {
  std::vector<http::FieldView> lines{{"Host", "x, y"}};
  for (const std::string& value : values) {
    lines.push_back({"Sec-WebSocket-Extensions", value});
    lines.push_back({"Sec-WebSocket-Protocol", "chat"});
  }
  ExtensionReader reader{http::FieldsView(lines)};
  std::string text;
  while (true) {
    const auto extension = reader.next();
    if (!extension) {
      EXPECT_FALSE(reader.next()) << "it stays so";
      EXPECT_EQ(check_extensions(http::FieldsView(lines)).error(), extension.error());
      switch (extension.error()) {
        case malformed: return text + "malformed";
        case too_many_extensions: return text + "too many extensions";
        case too_many_parameters: return text + "too many parameters";
      }
    }
    if (!*extension) {
      EXPECT_TRUE(check_extensions(http::FieldsView(lines)));
      return text;
    }
    text += text.empty() ? "" : ", ";
    text += (*extension)->name();
    for (const auto& [name, value] : (*extension)->parameters()) {
      text.append("; ").append(name);
      if (value) text.append("=").append(value->written());
    }
  }
}

TEST(Extensions, AreReadInTheirOrder) {
  struct Case {
    std::vector<std::string> values;
    std::string reads;
  };
  const Case cases[] = {
      {{}, ""},
      // RFC 6455 section 9.1.
      {{"foo", "bar; baz=2"}, "foo, bar; baz=2"},
      {{"foo, bar; baz=2"}, "foo, bar; baz=2"},
      {{"deflate-stream"}, "deflate-stream"},
      {{"mux; max-channels=4; flow-control, deflate-stream"},
       "mux; max-channels=4; flow-control, deflate-stream"},
      {{"private-extension"}, "private-extension"},
      // RFC 7692 section 5.2.
      {{"permessage-foo, permessage-bar"}, "permessage-foo, permessage-bar"},
      {{"permessage-foo; use_y, permessage-foo"}, "permessage-foo; use_y, permessage-foo"},
      // Quoted strings.
      {{"a; b=\"c\""}, "a; b=c"},
      {{"a; b=\"1\\0\", c"}, "a; b=1\\0, c"},
      // Blanks, and elements that are none.
      {{"  a\t;\tb = c ,d "}, "a; b=c, d"},
      {{"a;b;c=1;d,e"}, "a; b; c=1; d, e"},
      {{"a; b = \"c\" ; d"}, "a; b=c; d"},
      {{""}, ""},
      {{",", " , ,", "\t"}, ""},
      {{",a,,b ,", "", ",c"}, "a, b, c"},
      // Names that stand there twice are for those to judge who know the extension.
      {{"a; b; b=1, a"}, "a; b; b=1, a"},
      {{"!#$%&'*+-.^_`|~09AZaz; x=!#$%&'*+-.^_`|~09AZaz"},
       "!#$%&'*+-.^_`|~09AZaz; x=!#$%&'*+-.^_`|~09AZaz"},
  };
  for (const auto& [values, reads] : cases) EXPECT_EQ(read(values), reads);
}

TEST(Extensions, AreRefusedWhenMalformed) {
  const std::string cases[] = {
      "a;",
      "a; ",
      "a;, b",
      "a;;b",
      "; a",
      ";",
      "=",
      "a=b",
      "a b",
      "a; b c",
      "a; b=",
      "a; b=; c",
      "a; =c",
      "a; b==c",
      "a; b=c d",
      "a; b=c=d",
      "a/b",
      "a; b/c",
      "a; b=c/d",
      "\"a\"",
      "a; \"b\"",
      "a; b=\"",
      "a; b=\"c",
      "a; b=\"\"",
      "a; b=\"c d\"",
      "a; b=\" c\"",
      "a; b=\"c,d\"",
      "a; b=\"c;d\"",
      "a; b=\"c\\",
      "a; b=\"c\\\"",
      "a; b=\"\\\"\"",
      "a; b=\"\\\\\"",
      "a; b=\"c\"d",
      "a; b=\"c\"\"d\"",
      "a; b=c\"d\"",
      "a; b='c d'",
      "caf\xC3\xA9",
      "a; b=\"\xC3\xA9\"",
      "a\x01",
      std::string("a\0b", 3),
  };
  for (const std::string& value : cases) {
    EXPECT_EQ(read({value}), "malformed") << value;
    EXPECT_EQ(read({"x; y=1", value, "z"}), "x; y=1malformed") << value;
  }
  EXPECT_EQ(read({"a; b=\"c", "d\""}), "malformed") << "no string goes on in the next line";
}

TEST(Extensions, AreLimitedInNumber) {
  std::vector<std::string> lines(extension_count_max, "x");
  EXPECT_TRUE(read(lines).ends_with("x, x"));
  lines.back() += ", y";
  EXPECT_TRUE(read(lines).ends_with("x, xtoo many extensions"));

  std::string value = "x";
  for (std::size_t i = 0; i < extension_parameter_count_max; ++i) value += "; p";
  EXPECT_TRUE(read({value}).ends_with("p; p"));
  EXPECT_EQ(read({value + "; p"}), "too many parameters");
}

TEST(Extensions, HaveValuesWithoutTheirEscapes) {
  EXPECT_TRUE(ExtensionValue("15") == "15");
  EXPECT_TRUE(ExtensionValue("1\\5") == "15");
  EXPECT_TRUE(ExtensionValue("\\1\\5") == "15");
  for (const std::string_view other : {"", "1", "155", "51", "15 ", "1\\5"}) {
    EXPECT_FALSE(ExtensionValue("1\\5") == other) << other;
  }
  EXPECT_FALSE(ExtensionValue("a") == "A");
}

}  // namespace
}  // namespace duplex::websocket

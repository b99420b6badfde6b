#include "action.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace duplex::app {
namespace {

using testing::HasSubstr;
using websocket::CloseCode;
using websocket::Opcode;

TEST(Action, IsUnderstood) {
  const struct {
    std::string_view line;
    Action expected;
  } cases[] = {
      {"hello", SendMessage{Opcode::text, "hello"}},
      {" spaces stay ", SendMessage{Opcode::text, " spaces stay "}},
      {"//etc/hosts", SendMessage{Opcode::text, "/etc/hosts"}},
      {"//", SendMessage{Opcode::text, "/"}},
      {"/ping", Ping{}},
      {"/ping ", Ping{}},
      {"/binary 48 65", SendMessage{Opcode::binary, "He"}},
      {"/binary", SendMessage{Opcode::binary, ""}},
      {"/file a b.bin", SendFile{Opcode::binary, "a b.bin"}},
      {"/text notes.txt", SendFile{Opcode::text, "notes.txt"}},
      {"/close", Close{}},
      {"/close 1001", Close{CloseCode::going_away}},
      {"/close 4001 so long, and  thanks", Close{CloseCode(4001), "so long, and  thanks"}},
      {"/quit", Close{}},
      {"/help", ShowHelp{}},
  };
  for (const auto& [line, expected] : cases) {
    const auto parsed = parse_action(line);
    ASSERT_TRUE(parsed && *parsed) << line;
    EXPECT_TRUE(**parsed == expected) << line;
  }
}

TEST(Action, MayBeEmpty) {
  const auto parsed = parse_action("");
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(*parsed);
}

TEST(Action, SaysWhatToTypeInstead) {
  const std::string long_reason(124, 'x');
  const struct {
    std::string line;
    std::string_view words;
  } cases[] = {
      {"/nonsense", "/help"},
      {"/", "/help"},
      {"/file", "/file PATH"},
      {"/text ", "/text PATH"},
      {"/binary 4", "two hexadecimal digits"},
      {"/binary xyz", "48 65 6c"},
      {"/close bye", "3000 to 4999"},
      {"/close 1005", "3000 to 4999"},
      {"/close 5000", "3000 to 4999"},
      {"/close 99999", "3000 to 4999"},
      {"/close 1000 " + long_reason, "at most 123 bytes"},
  };
  for (const auto& [line, words] : cases) {
    const auto parsed = parse_action(line);
    ASSERT_FALSE(parsed) << line;
    EXPECT_THAT(parsed.error(), HasSubstr(words)) << line;
  }
}

TEST(Action, HelpNamesEveryCommand) {
  for (const auto* const command :
       {"/ping", "/binary", "/file", "/text", "/close", "/quit", "/help", "//"}) {
    EXPECT_THAT(std::string(action_help), HasSubstr(command));
  }
}

}  // namespace
}  // namespace duplex::app

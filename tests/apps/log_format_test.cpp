#include "log_format.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <duplex/http/method.hpp>
#include <duplex/http/status.hpp>

namespace duplex::app {
namespace {

using namespace std::chrono_literals;
using duplex::LogLevel;
using server::AccessRecord;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

const LogTime ten_past = LogTime(std::chrono::sys_days(2026y / 11 / 22) + 10h + 22min + 3123ms);

AccessRecord record(std::string_view target) {
  return {.peer = "127.0.0.1:50123",
          .method = http::Method::get,
          .target = target,
          .status = http::Status::ok,
          .response_bytes = 1234,
          .duration = 412us,
          .user_agent = "curl/8",
          .referer = "",
          .upgraded = false};
}

TEST(LogFormat, WritesTimeInUtcWithMilliseconds) {
  EXPECT_EQ(timestamp(ten_past), "2026-11-22T10:22:03.123Z");
  EXPECT_EQ(timestamp(LogTime(std::chrono::sys_days(2024y / 2 / 29)) + 999us),
            "2024-02-29T00:00:00.000Z");
}

TEST(LogFormat, WritesAnAccessAsText) {
  EXPECT_EQ(access_line(LogFormat::text, record("/x?y=1"), ten_past),
            "2026-11-22T10:22:03.123Z 127.0.0.1:50123 \"GET /x?y=1\" 200 1234B 0.41ms\n");
}

TEST(LogFormat, WritesAnAccessAsJson) {
  EXPECT_EQ(access_line(LogFormat::json, record("/x"), ten_past),
            R"({"time":"2026-11-22T10:22:03.123Z","peer":"127.0.0.1:50123","method":"GET",)"
            R"("target":"/x","status":200,"bytes":1234,"duration_ms":0.412,"upgraded":false,)"
            R"("user_agent":"curl/8","referer":""})"
            "\n");
}

TEST(LogFormat, LetsNoClientForgeALine) {
  const std::string_view target = "/\r\n2026 \"GET /forged\" \\ \x1b[31m \xc2\x9b \x7f";
  const std::string text = access_line(LogFormat::text, record(target), ten_past);
  EXPECT_THAT(text, HasSubstr(R"("GET /\x0d\x0a2026 \"GET /forged\" \\ \x1b[31m \xc2\x9b \x7f")"));
  const std::string json = access_line(LogFormat::json, record(target), ten_past);
  EXPECT_THAT(json, HasSubstr(R"("/\r\n2026 \"GET /forged\" \\ \u001b[31m \u009b \u007f")"));
  for (const std::string& line : {text, json}) {
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    for (const char character : line.substr(0, line.size() - 1)) {
      EXPECT_TRUE(character >= ' ' && character <= '~') << static_cast<int>(character);
    }
  }
}

TEST(LogFormat, WritesJsonOfBytesThatAreNotUtf8) {
  EXPECT_THAT(access_line(LogFormat::json, record("/\xff"), ten_past), HasSubstr(R"("/\ufffd")"));
}

TEST(LogFormat, WritesMessages) {
  EXPECT_EQ(message_line(LogFormat::text, LogLevel::warning, "a\nb", ten_past),
            "2026-11-22T10:22:03.123Z warning: a\\x0ab\n");
  EXPECT_EQ(message_line(LogFormat::json, LogLevel::error, "a \"b\"", ten_past),
            R"({"time":"2026-11-22T10:22:03.123Z","level":"error","message":"a \"b\""})"
            "\n");
}

TEST(LogFormat, KeepsOnlyWarningsAndErrorsWhenOff) {
  EXPECT_EQ(access_line(LogFormat::off, record("/"), ten_past), "");
  EXPECT_EQ(message_line(LogFormat::off, LogLevel::info, "x", ten_past), "");
  EXPECT_THAT(message_line(LogFormat::off, LogLevel::warning, "x", ten_past), EndsWith(": x\n"));
  EXPECT_THAT(message_line(LogFormat::off, LogLevel::error, "x", ten_past), Not(""));
  EXPECT_EQ(message_line(LogFormat::json, LogLevel::debug, "x", ten_past), "");
}

}  // namespace
}  // namespace duplex::app

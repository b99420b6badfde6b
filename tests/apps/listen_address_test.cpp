#include "listen_address.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace duplex::app {
namespace {

using server::ListenOptions;
using testing::HasSubstr;

ListenOptions listening(std::string_view text) {
  return parse_listen_address(text).value();
}

TEST(ListenAddress, ReadsAddressAndPort) {
  const struct {
    std::string_view text;
    std::string_view address;
    std::uint16_t port;
  } cases[] = {
      {"127.0.0.1:8080", "127.0.0.1", 8080},
      {"0.0.0.0:80", "0.0.0.0", 80},
      {"[::1]:8080", "::1", 8080},
      {"[::]:0", "::", 0},
      {":8080", "::", 8080},
      {"*:8080", "::", 8080},
      {"localhost:65535", "127.0.0.1", 65535},
  };
  for (const auto& [text, address, port] : cases) {
    const auto options = parse_listen_address(text);
    ASSERT_TRUE(options) << text;
    EXPECT_EQ(options->address, address) << text;
    EXPECT_EQ(options->port, port) << text;
    EXPECT_EQ(options->unix_path, "") << text;
  }
}

TEST(ListenAddress, ReadsUnixPaths) {
  EXPECT_EQ(listening("unix:/run/a b.sock").unix_path, "/run/a b.sock");
  EXPECT_EQ(listening("unix:x:1").unix_path, "x:1");
  EXPECT_EQ(listening("unix:" + std::string(107, 'x')).unix_path.size(), 107U);
}

TEST(ListenAddress, RefusesWithASentenceThatHelps) {
  const struct {
    std::string text;
    std::string_view advice;
  } cases[] = {
      {"", "ADDRESS:PORT"},
      {"8080", ":8080 for all"},
      {"127.0.0.1", "ADDRESS:PORT"},
      {"::1:8080", "in brackets"},
      {"127.0.0.1:", "port from 1 to 65535"},
      {"127.0.0.1:65536", "port from 1 to 65535"},
      {"127.0.0.1:http", "port from 1 to 65535"},
      {"127.0.0.1:-1", "port from 1 to 65535"},
      {"example.com:80", "names are not looked up"},
      {"[localhost]:80", "names are not looked up"},
      {"[::1:80", "names are not looked up"},
      {"256.0.0.1:80", "names are not looked up"},
      {"[]:80", "names are not looked up"},
      {"unix:", "a path follows"},
      {"unix:" + std::string(108, 'x'), "more than 107 bytes"},
  };
  for (const auto& [text, advice] : cases) {
    const auto options = parse_listen_address(text);
    ASSERT_FALSE(options) << text;
    EXPECT_THAT(options.error(), HasSubstr(advice)) << text;
  }
}

TEST(ListenAddress, IsWrittenAsItIsRead) {
  for (const std::string_view text : {"127.0.0.1:8080", "[::1]:80", "unix:/tmp/x"}) {
    EXPECT_EQ(to_string(listening(text)), text);
  }
}

TEST(ListenAddress, TellsWhatToOpenInABrowser) {
  EXPECT_EQ(where(listening("127.0.0.1:0"), 8080), "http://127.0.0.1:8080/");
  EXPECT_EQ(where(listening("[::1]:0"), 8080), "http://[::1]:8080/");
  EXPECT_EQ(where(listening("unix:/tmp/x"), 0), "unix:/tmp/x");
  EXPECT_THAT(where(listening(":0"), 8080), HasSubstr("http://127.0.0.1:8080/ and on all other"));
}

TEST(ListenAddress, ExplainsFailuresBySayingWhatToDo) {
  const auto explain = [](std::string_view text, std::errc error) {
    return explain_listen_failure(listening(text), std::make_error_code(error),
                                  "the system's words");
  };
  EXPECT_EQ(explain("127.0.0.1:8080", std::errc::address_in_use),
            "127.0.0.1:8080 is in use: stop the other program or choose another port with "
            "--listen 127.0.0.1:8081");
  EXPECT_THAT(explain("[::1]:65535", std::errc::address_in_use), HasSubstr("--listen [::1]:8080"));
  EXPECT_THAT(explain("unix:/x", std::errc::address_in_use), HasSubstr("another path"));
  EXPECT_THAT(explain("unix:/x", std::errc::permission_denied), HasSubstr("another folder"));
  EXPECT_THAT(explain("unix:/x/y", std::errc::no_such_file_or_directory), HasSubstr("create it"));
  EXPECT_THAT(explain("127.0.0.1:80", std::errc::permission_denied),
              HasSubstr("--listen 127.0.0.1:8080"));
  EXPECT_THAT(explain("192.0.2.1:80", std::errc::address_not_available), HasSubstr("--listen :80"));
  EXPECT_EQ(explain("127.0.0.1:80", std::errc::no_buffer_space),
            "can't listen on 127.0.0.1:80: the system's words");
}

}  // namespace
}  // namespace duplex::app

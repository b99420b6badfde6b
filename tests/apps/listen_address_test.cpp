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
      {":8080", "", 8080},
      {"*:8080", "", 8080},
      {"localhost:65535", "127.0.0.1", 65535},
      {"[fe80::1%lo]:1", "fe80::1%lo", 1},
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
      {"127.0.0.1%lo:80", "names are not looked up"},
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

TEST(ListenAddress, TellsWhatToOpenInABrowser) {
  EXPECT_EQ(where(listening("127.0.0.1:0"), 8080), "http://127.0.0.1:8080/");
  EXPECT_EQ(where(listening("[::1]:0"), 8080), "http://[::1]:8080/");
  EXPECT_EQ(where(listening("unix:/tmp/x"), 0), "unix:/tmp/x");
  EXPECT_EQ(where(listening(":0"), 8080),
            "http://127.0.0.1:8080/ and on all other addresses of this machine");
  EXPECT_EQ(where(listening("[::]:0"), 8080),
            "http://[::1]:8080/ and on all other addresses of this machine");
}

TEST(ListenAddress, KnowsEncryptedOnes) {
  server::ListenOptions encrypted = listening("[::1]:8443");
  encrypted.tls.certificate = "cert.pem";
  EXPECT_EQ(where(encrypted, 8443), "https://[::1]:8443/");
  EXPECT_EQ(listen_elsewhere(encrypted), "--tls-listen 127.0.0.1:8444");
  encrypted.address = "";
  EXPECT_EQ(where(encrypted, 8443),
            "https://127.0.0.1:8443/ and on all other addresses of this machine");
}

TEST(ListenAddress, KnowsWhatToTryInstead) {
  EXPECT_EQ(listen_elsewhere(listening("[::1]:8080")), "--listen 127.0.0.1:8081");
  EXPECT_EQ(listen_elsewhere(listening(":80")), "--listen 127.0.0.1:8080");
  EXPECT_EQ(listen_elsewhere(listening(":65535")), "--listen 127.0.0.1:8080");
  EXPECT_EQ(listen_elsewhere(listening("unix:/run/x")), "--listen unix:/tmp/duplex.sock");
}

}  // namespace
}  // namespace duplex::app

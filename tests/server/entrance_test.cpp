#include "server/entrance.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

namespace duplex::server {
namespace {

using namespace std::chrono_literals;

TEST(Entrance, SaysForHowLongBrowsersAreToComeEncrypted) {
  EXPECT_EQ(format_strict_transport(std::nullopt), "");
  EXPECT_EQ(format_strict_transport(StrictTransport{.max_age = 0s}), "max-age=0");
  EXPECT_EQ(format_strict_transport(StrictTransport{.max_age = 600s}), "max-age=600");
  EXPECT_EQ(
      format_strict_transport(StrictTransport{.max_age = 24h * 365, .include_subdomains = true}),
      "max-age=31536000; includeSubDomains");
}

TEST(Entrance, GivesResponsesTheFieldOnlyWhenThereIsOne) {
  EXPECT_EQ(Entrance{}.strict_transport().name, "");
  const Entrance entrance{.strict_transport_value = "max-age=1"};
  EXPECT_EQ(entrance.strict_transport().name, "Strict-Transport-Security");
  EXPECT_EQ(entrance.strict_transport().value, "max-age=1");
}

TEST(Entrance, RefusesOptionsThatContradictEachOther) {
  const struct {
    ListenOptions options;
    std::string_view says;
  } cases[] = {
      {{.tls = {.certificate = "c", .key = "k"}, .redirect_to_https = 443}, "redirect_to_https"},
      {{.redirect_to_https = 0}, "redirect_to_https"},
      {{.strict_transport = StrictTransport{.max_age = 1s}}, "strict_transport"},
      {{.strict_transport = StrictTransport{.max_age = 0s}}, "strict_transport"},
      {{.tls = {.certificate = "c"}, .strict_transport = StrictTransport{.max_age = -1s}},
       "max_age"},
      {{.tls = {.certificate = "c"},
        .strict_transport = StrictTransport{.include_subdomains = true}},
       "max_age"},
      {{.tls = {.key = "k"}}, "tls.certificate"},
      {{.tls = {.key = "k", .more = {{.certificate = "c"}}}}, "tls.certificate"},
      {{.tls = {.passphrase_file = "p"}}, "tls.certificate"},
      {{.tls = {.client_ca = "ca"}}, "tls.certificate"},
      {{.tls = {.certificate = "c", .more = {{.certificate = "", .key = "k"}}}}, "tls.more"},
  };
  for (const auto& [options, says] : cases) {
    SCOPED_TRACE(says);
    try {
      check_encryption(options);
      ADD_FAILURE() << "nothing was refused";
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string_view(error.what()).find(says), std::string_view::npos) << error.what();
    }
  }
}

TEST(Entrance, TakesOptionsThatGoTogether) {
  check_encryption({});
  check_encryption({.redirect_to_https = 8443});
  check_encryption({.tls = {.certificate = "c.p12", .passphrase_file = "p"}});
  check_encryption(
      {.tls = {.certificate = "c", .key = "k", .client_ca = "ca"},
       .strict_transport = StrictTransport{.max_age = 1h, .include_subdomains = true}});
  check_encryption(
      {.tls = {.certificate = "c"}, .strict_transport = StrictTransport{.max_age = 0s}});
  check_encryption({.tls = {.more = {{.certificate = "c", .key = "k"}}}});
}

}  // namespace
}  // namespace duplex::server

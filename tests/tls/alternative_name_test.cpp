#include "tls/alternative_name.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace duplex::tls {
namespace {

using namespace std::string_literals;
using Kind = AlternativeName::Kind;

TEST(AlternativeName, TakesHostsWildcardsAndAddresses) {
  const struct {
    std::string_view text;
    Kind kind;
    std::string_view read;
  } cases[] = {
      {"localhost", Kind::dns, "localhost"},
      {"Www.Example.TEST", Kind::dns, "www.example.test"},
      {"*.Example.test", Kind::dns, "*.example.test"},
      {"xn--bcher-kva.example", Kind::dns, "xn--bcher-kva.example"},
      {"my_service", Kind::dns, "my_service"},
      {"7.example", Kind::dns, "7.example"},
      {"127.0.0.1", Kind::ip, "127.0.0.1"},
      {"::1", Kind::ip, "::1"},
      {"2001:db8::7", Kind::ip, "2001:db8::7"},
  };
  for (const auto& [text, kind, read] : cases) {
    const auto name = parse_alternative_name(text);
    ASSERT_TRUE(name) << text << ": " << name.error();
    EXPECT_EQ(name->kind, kind) << text;
    EXPECT_EQ(name->text, read);
  }
}

TEST(AlternativeName, SaysWhatToWriteInstead) {
  const std::string long_label(64, 'a');
  const std::string long_name = std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                                std::string(63, 'c') + "." + std::string(62, 'd');
  const struct {
    std::string text;
    std::string_view sentence;
  } cases[] = {
      {"", "can't be empty"},
      {" ", "a host name has letters, digits"},
      {"a b", "a host name has letters, digits"},
      {"a\0b"s, "a host name has letters, digits"},
      {"127.0.0.1\0x"s, "a host name has letters, digits"},
      {"bücher.example", "write the A-label"},
      {"\xFF", "write the A-label"},
      {"*", "a wildcard stands alone"},
      {"w*.example.test", "a wildcard stands alone"},
      {"*.*.example.test", "a wildcard stands alone"},
      {"www.*.example.test", "a wildcard stands alone"},
      {"*.test", "only before two parts"},
      {"*.", "an empty part"},
      {"a..b", "an empty part"},
      {".a", "an empty part"},
      {"a.", "leave out the dot"},
      {"-a.test", "a hyphen"},
      {"a-.test", "a hyphen"},
      {long_label, "at most 63 characters"},
      {long_name, "at most 253 characters"},
      {"1.2.3", "its last part is a number"},
      {"256.0.0.1", "its last part is a number"},
      {"[::1]", "give the host alone"},
      {"localhost:8443", "give the host alone"},
      {"https://localhost/", "give the host alone"},
      {"fe80::1%eth0", "give the host alone"},
      {"ada@example.test", "a host name has letters, digits"},
  };
  for (const auto& [text, sentence] : cases) {
    const auto name = parse_alternative_name(text);
    ASSERT_FALSE(name) << text;
    EXPECT_THAT(name.error(), testing::HasSubstr(sentence)) << text;
  }
}

TEST(AlternativeName, TakesTheLongestName) {
  const std::string label(63, 'a');
  const std::string name = label + "." + label + "." + label + "." + std::string(61, 'a');
  EXPECT_TRUE(parse_alternative_name(name));
  EXPECT_FALSE(parse_alternative_name(name + "a"));
}

TEST(AlternativeName, RepeatsOfWhatItRefusesOnlyWhatCanBeShown) {
  EXPECT_EQ(parse_alternative_name("a\nb").error().find('\n'), std::string::npos);
  EXPECT_LT(parse_alternative_name(std::string(10'000, 'a')).error().size(), 300U);
}

}  // namespace
}  // namespace duplex::tls

#include "bench/response_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace duplex::app::bench {
namespace {

/// Statuses in the order in which they came, with how many and how much content.
using Seen = std::vector<std::pair<unsigned, std::pair<std::uint64_t, std::uint64_t>>>;

class Reading {
 public:
  explicit Reading(http::Method method = http::Method::get) { rules_.method = method; }

  std::optional<Fault> take(std::string_view bytes) {
    std::string copy(bytes);
    return reader.read(rules_, std::as_writable_bytes(std::span(copy)), answers);
  }

  Seen seen() const {
    Seen result;
    for (const Answers& some : answers) {
      result.push_back({some.status, {some.count, some.bytes}});
    }
    return result;
  }
  const KnownHead& known() const { return rules_.known; }

  ResponseReader reader;
  std::vector<Answers> answers;

 private:
  ResponseRules rules_;
};

constexpr std::string_view fixed = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
constexpr std::string_view chunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
constexpr std::string_view empty = "HTTP/1.1 204 No Content\r\n\r\n";
constexpr std::string_view missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno";

TEST(ResponseReader, CountsResponsesOfAllFramingsAtEverySplit) {
  std::string stream;
  for (const std::string_view one : {fixed, fixed, chunked, fixed, empty, empty, missing, fixed}) {
    stream += one;
  }
  const Seen expected{{200, {4, 19}}, {204, {2, 0}}, {404, {1, 2}}, {200, {1, 5}}};
  for (std::size_t at = 0; at <= stream.size(); ++at) {
    Reading reading;
    EXPECT_FALSE(reading.take(std::string_view(stream).substr(0, at)));
    EXPECT_FALSE(reading.take(std::string_view(stream).substr(at)));
    EXPECT_EQ(reading.seen(), expected) << "cut at " << at;
  }
  Reading reading;
  for (const char byte : stream) EXPECT_FALSE(reading.take({&byte, 1}));
  EXPECT_EQ(reading.seen(), expected);
}

TEST(ResponseReader, KnowsAHeadThatItHasReadBefore) {
  Reading reading;
  EXPECT_TRUE(reading.known().text.empty());
  EXPECT_FALSE(reading.take(fixed));
  EXPECT_EQ(reading.known().text, fixed.substr(0, fixed.size() - 5));
  EXPECT_EQ(reading.known().content_bytes, 5);
}

TEST(ResponseReader, ExpectsNoContentInAnswersToHead) {
  Reading reading(http::Method::head);
  const std::string head(fixed.substr(0, fixed.size() - 5));
  EXPECT_FALSE(reading.take(head + head + head));
  EXPECT_EQ(reading.seen(), (Seen{{200, {3, 0}}}));
}

TEST(ResponseReader, PassesOverInterimResponses) {
  Reading reading;
  EXPECT_FALSE(reading.take("HTTP/1.1 103 Early Hints\r\n\r\n" + std::string(fixed)));
  EXPECT_EQ(reading.seen(), (Seen{{200, {1, 5}}}));
}

TEST(ResponseReader, TakesTheEndOfTheConnectionForTheEndOfTheContent) {
  Reading reading;
  EXPECT_FALSE(reading.take("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc"));
  EXPECT_TRUE(reading.seen().empty());
  EXPECT_FALSE(reading.reader.end(reading.answers));
  EXPECT_EQ(reading.seen(), (Seen{{200, {1, 3}}}));
  EXPECT_TRUE(reading.reader.closes());
}

TEST(ResponseReader, TellsThatAResponseIsCutOff) {
  for (const std::string_view whole : {fixed, chunked}) {
    Reading reading;
    EXPECT_FALSE(reading.take(std::string(whole) + std::string(whole.substr(0, whole.size() - 1))));
    const auto fault = reading.reader.end(reading.answers);
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->kind, "protocol");
  }
}

TEST(ResponseReader, TellsWhatRuleTheServerBreaks) {
  Reading reading;
  const auto fault = reading.take("HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n");
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->kind, "protocol");
}

}  // namespace
}  // namespace duplex::app::bench

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "fuzz/http1/response_parser_properties.hpp"
#include <duplex/http1/response_parser.hpp>

namespace duplex::http1 {
namespace {

using http::Method;
using http::Status;
using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;

using Requests = std::vector<AnsweredRequest>;

const Requests get = {{.method = Method::get}};
const Requests head_request = {{.method = Method::head}};
const Requests connect = {{.method = Method::connect}};
const Requests upgrade = {{.method = Method::get, .upgrade = true}};

/// Parses `stream` whole, byte by byte, in threes and cut in two at every place, and expects the
/// same each time. Streams that are long, to reach the default limits, are cut less often.
ResponseTranscript parse(std::string_view stream, const Requests& requests = get,
                         const ResponseLimits& limits = {}) {
  const ResponseTranscript whole = read_whole(stream, requests, limits);
  check_transcript(whole, limits);
  const std::size_t stride = 1 + stream.size() / 2000;
  EXPECT_EQ(read_in_pieces(stream, stride, requests, limits), whole) << stream;
  EXPECT_EQ(read_in_pieces(stream, 3 * stride, requests, limits), whole) << stream;
  for (std::size_t cut = 0; cut <= stream.size(); cut += stride * stride) {
    EXPECT_EQ(read_in_two(stream, cut, requests, limits), whole) << stream << " cut at " << cut;
  }
  return whole;
}

/// The one response that `stream` holds, whole and valid. With another behind it, both are read
/// when another request has been sent, and the second is refused when not.
ResponseTranscript::Response parse_one(std::string_view stream, const Requests& requests = get) {
  ResponseTranscript transcript = parse(stream, requests);
  EXPECT_FALSE(transcript.error) << stream << describe(*transcript.error);
  EXPECT_FALSE(transcript.error_at_end) << stream << describe(*transcript.error_at_end);
  EXPECT_TRUE(transcript.idle) << stream;
  EXPECT_EQ(transcript.consumed, stream.size());
  EXPECT_THAT(transcript.responses, SizeIs(1)) << stream;
  if (transcript.responses.empty()) return {};
  EXPECT_TRUE(transcript.responses[0].ended);

  const std::string behind = std::string(stream) + "HTTP/1.1 299 Next\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(read_whole(behind, requests, {}).error, Error::unsolicited_response);
  Requests more = requests;
  more.push_back({});
  const ResponseTranscript both = read_whole(behind, more, {});
  EXPECT_FALSE(both.error);
  EXPECT_THAT(both.responses, SizeIs(2));
  if (both.responses.size() == 2) {
    EXPECT_EQ(both.responses[0], transcript.responses[0]);
    EXPECT_EQ(http::code(both.responses[1].status), 299);
  }
  return std::move(transcript.responses[0]);
}

TEST(ResponseParser, ReadsASimpleResponse) {
  const std::string_view stream =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
  const auto response = parse_one(stream);
  EXPECT_EQ(response.version, http::Version::http_1_1);
  EXPECT_EQ(response.status, Status::ok);
  EXPECT_EQ(response.reason, "OK");
  EXPECT_EQ(response.raw, stream.substr(0, stream.size() - 5));
  EXPECT_THAT(response.fields,
              ElementsAre(Pair("Content-Type", "text/plain"), Pair("Content-Length", "5")));
  EXPECT_EQ(response.framing.framing, Framing::content_length);
  EXPECT_EQ(response.framing.content_length, 5U);
  EXPECT_EQ(response.content, "hello");
}

TEST(ResponseParser, ReadsStatusLines) {
  struct Case {
    std::string_view line;
    http::Version version;
    std::uint16_t code;
    std::string_view reason;
  };
  using enum http::Version;
  const Case cases[] = {
      {"HTTP/1.1 200 OK", http_1_1, 200, "OK"},
      {"HTTP/1.0 404 Not Found", http_1_0, 404, "Not Found"},
      {"HTTP/1.1 200 ", http_1_1, 200, ""},
      {"HTTP/1.1 200", http_1_1, 200, ""},
      {"HTTP/1.1 200  two \t", http_1_1, 200, " two \t"},
      {"HTTP/1.1 599 \xc3\xa9t\xe9", http_1_1, 599, "\xc3\xa9t\xe9"},
      {"HTTP/1.1 299 0", http_1_1, 299, "0"},
  };
  for (const Case& c : cases) {
    const auto response = parse_one(std::string(c.line) + "\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(response.version, c.version) << c.line;
    EXPECT_EQ(http::code(response.status), c.code) << c.line;
    EXPECT_EQ(response.reason, c.reason) << c.line;
  }
}

TEST(ResponseParser, DelimitsContentByTheRequestToo) {
  // RFC 9112 section 6.3, in its order.
  struct Case {
    Requests requests;
    std::string_view head;
    Framing framing;
    std::optional<std::uint64_t> length;
  };
  const Case cases[] = {
      {head_request, "200 OK\r\nContent-Length: 7", Framing::none, 7},
      {head_request, "200 OK\r\nTransfer-Encoding: chunked", Framing::none, {}},
      {head_request, "200 OK", Framing::none, {}},
      {head_request, "404 Not Found\r\nContent-Length: 7", Framing::none, 7},
      {get, "204 No Content", Framing::none, {}},
      {get, "204 No Content\r\nContent-Length: 0", Framing::none, 0},
      {get, "304 Not Modified", Framing::none, {}},
      {get, "304 Not Modified\r\nContent-Length: 7", Framing::none, 7},
      {get, "304 Not Modified\r\nTransfer-Encoding: chunked", Framing::none, {}},
      {get, "205 Reset Content\r\nContent-Length: 0", Framing::content_length, 0},
      {get, "500 Broken\r\nContent-Length: 0", Framing::content_length, 0},
      {connect, "407 Who\r\nContent-Length: 0", Framing::content_length, 0},
      {upgrade, "400 No\r\nContent-Length: 0", Framing::content_length, 0},
  };
  for (const Case& c : cases) {
    const auto response = parse_one("HTTP/1.1 " + std::string(c.head) + "\r\n\r\n", c.requests);
    EXPECT_EQ(response.framing.framing, c.framing) << c.head;
    EXPECT_EQ(response.framing.content_length, c.length) << c.head;
    EXPECT_EQ(response.content, "");
  }
}

TEST(ResponseParser, DecodesChunkedContentAndItsTrailers) {
  const auto response = parse_one(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "5\r\nhello\r\n2;a=\"b\"\r\n, \r\n005 ;x\r\nworld\r\n0;last\r\n"
      "Digest: abc\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\nAfter:\r\n\r\n");
  EXPECT_EQ(response.framing.framing, Framing::chunked);
  EXPECT_EQ(response.content, "hello, world");
  EXPECT_THAT(response.trailers, ElementsAre(Pair("Digest", "abc"), Pair("After", "")));
}

TEST(ResponseParser, TakesTheSameLengthTwice) {
  for (std::string_view lines :
       {"Content-Length: 3\r\nContent-Length: 3", "Content-Length: 3, 3", "Content-Length: 3,03 ,3",
        "Content-Length: 3\r\ncontent-length: 3, 3"}) {
    const auto response = parse_one("HTTP/1.1 200 OK\r\n" + std::string(lines) + "\r\n\r\nabc");
    EXPECT_EQ(response.content, "abc") << lines;
  }
}

TEST(ResponseParser, ReadsContentUntilTheEndOfTheConnection) {
  for (std::string_view version : {"HTTP/1.0", "HTTP/1.1"}) {
    const auto transcript =
        parse(std::string(version) + " 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n0\r\n\r\n");
    EXPECT_FALSE(transcript.error);
    EXPECT_FALSE(transcript.error_at_end);
    ASSERT_THAT(transcript.responses, SizeIs(1));
    EXPECT_EQ(transcript.responses[0].framing.framing, Framing::until_close);
    EXPECT_EQ(transcript.responses[0].content, "HTTP/1.1 200 OK\r\n\r\n0\r\n\r\n");
    EXPECT_TRUE(transcript.responses[0].ended);
  }
  const auto empty = parse("HTTP/1.0 200 OK\r\n\r\n");
  ASSERT_THAT(empty.responses, SizeIs(1));
  EXPECT_TRUE(empty.responses[0].ended);
}

TEST(ResponseParser, TellsACutResponseFromACompleteOne) {
  struct Case {
    std::string_view stream;
    Error error;
  };
  const Case cases[] = {
      {"", Error::no_response},
      {"H", Error::incomplete_head},
      {"HTTP/1.1 200", Error::incomplete_head},
      {"HTTP/1.1 200 OK", Error::incomplete_head},
      {"HTTP/1.1 200 OK\r\n", Error::incomplete_head},
      {"HTTP/1.1 200 OK\r\nA: b\r\n\r", Error::incomplete_head},
      {"HTTP/1.1 100 Continue\r\n\r\n", Error::incomplete_head},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", Error::incomplete_content},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na", Error::incomplete_content},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Error::incomplete_content},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
       Error::incomplete_content},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", Error::incomplete_content},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r",
       Error::incomplete_content},
  };
  for (const Case& c : cases) {
    const auto transcript = parse(c.stream);
    EXPECT_FALSE(transcript.error);
    EXPECT_EQ(transcript.error_at_end, c.error) << c.stream;
  }
}

TEST(ResponseParser, EndsQuietlyBetweenResponses) {
  FieldTable table;
  const ResponseLimits limits;
  ResponseParser parser(limits, table);
  EXPECT_TRUE(parser.idle());
  const auto end = parser.end_of_input();
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
}

TEST(ResponseParser, KnowsACompleteResponseWhoseEndNobodyHasFetched) {
  for (const std::string_view text :
       {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 204 None\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    std::string stream(text);
    FieldTable table;
    const ResponseLimits limits;
    ResponseParser parser(limits, table);
    parser.expect({});
    Bytes input = std::as_writable_bytes(std::span(stream));
    ASSERT_TRUE(parser.next(input));
    const auto end = parser.end_of_input();
    const bool chunked = text.find("chunked") != text.npos;
    EXPECT_EQ(end && *end, !chunked) << text;
  }
}

TEST(ResponseParser, TellsInterimResponsesApart) {
  const auto transcript = parse(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
      "HTTP/1.1 102 Processing\r\nContent-Length: 0\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_FALSE(transcript.error);
  ASSERT_THAT(transcript.responses, SizeIs(4));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(transcript.responses[i].interim);
  EXPECT_THAT(transcript.responses[1].fields, ElementsAre(Pair("Link", "</a.css>")));
  EXPECT_FALSE(transcript.responses[3].interim);
  EXPECT_EQ(transcript.responses[3].content, "x");
}

TEST(ResponseParser, LeavesTheOtherProtocolsBytesAlone) {
  const std::string switching =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
  const std::string established = "HTTP/1.0 200 Connection established\r\n\r\n";
  // RFC 9110 section 9.3.6: these fields are ignored.
  const std::string misled =
      "HTTP/1.0 204 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::pair<const Requests&, const std::string&> cases[] = {
      {upgrade, switching}, {connect, established}, {connect, misled}};
  for (const auto& [requests, head] : cases) {
    const auto transcript = parse(head + "\x81\x02hi", requests);
    EXPECT_FALSE(transcript.error);
    EXPECT_FALSE(transcript.error_at_end);
    EXPECT_TRUE(transcript.switched);
    EXPECT_EQ(transcript.consumed, head.size());
    ASSERT_THAT(transcript.responses, SizeIs(1));
    EXPECT_TRUE(transcript.responses[0].framing.switches_protocol);
    EXPECT_FALSE(transcript.responses[0].ended);
  }
  const auto after_interim = parse("HTTP/1.1 100 Continue\r\n\r\n" + switching, upgrade);
  EXPECT_TRUE(after_interim.switched);
}

TEST(ResponseParser, ReadsResponsesToRequestsInAPipeline) {
  Requests requests;
  std::string stream;
  for (int i = 0; i < 10; ++i) {
    stream += "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab";
    requests.push_back({});
    stream += "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    requests.push_back({.method = Method::head});
    stream +=
        "HTTP/1.1 100 \r\n\r\nHTTP/1.1 404 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0"
        "\r\nT: u\r\n\r\n";
    requests.push_back({});
  }
  const auto transcript = parse(stream, requests);
  EXPECT_FALSE(transcript.error);
  EXPECT_TRUE(transcript.idle);
  ASSERT_THAT(transcript.responses, SizeIs(40));
  EXPECT_EQ(transcript.responses[36].content, "ab");
  EXPECT_EQ(transcript.responses[37].content, "");
  EXPECT_EQ(transcript.responses[39].content, "x");
}

TEST(ResponseParser, PutsFoldedLinesTogether) {
  struct Case {
    std::string_view line;
    std::string_view value;
  };
  for (const auto& [line, value] : std::vector<Case>{
           {"A: b\r\n c", "b   c"},
           {"A: b\r\n\tc", "b   c"},
           {"A: b\t \r\n\t \tc\td", "b       c\td"},
           {"A: b\r\n c\r\n  d", "b   c    d"},
           {"A: b\r\n \r\n\t\r\n c", "b         c"},
           {"A:\r\n b", "b"},
           {"A: b\r\n ", "b"},
           {"A:\r\n ", ""},
           {"A: b\r\n C: d", "b   C: d"},
       }) {
    const std::string head =
        "HTTP/1.1 200 OK\r\nBefore: x\r\n" + std::string(line) + "\r\nContent-Length: 2\r\n\r\n";
    const auto response = parse_one(head + "hi");
    EXPECT_THAT(response.fields,
                ElementsAre(Pair("Before", "x"), Pair("A", value), Pair("Content-Length", "2")))
        << line;
    EXPECT_EQ(response.raw.size(), head.size());
    EXPECT_EQ(response.content, "hi");
    const auto trailers = parse_one("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" +
                                    std::string(line) + "\r\nAfter: x\r\n\r\n")
                              .trailers;
    EXPECT_THAT(trailers, ElementsAre(Pair("A", value), Pair("After", "x"))) << line;
  }
  EXPECT_EQ(parse_one("HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nhi").content, "hi");
  EXPECT_EQ(parse_one("HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\tchunked\r\n\r\n0\r\n\r\n")
                .framing.framing,
            Framing::chunked);
}

// What is presented again is what the parser has left, folds that it has replaced included.
TEST(ResponseParser, PutsFoldedLinesTogetherInTheInputItself) {
  const std::string_view folded = "HTTP/1.1 200 OK\r\nA: b\t\r\n\t\r\n\t c\r\nD:\r\n e\r\n\r\n";
  for (const std::size_t piece_bytes : {1U, 2U, 3U, 1000U}) {
    std::string stream(folded);
    FieldTable table;
    const ResponseLimits limits;
    ResponseParser parser(limits, table);
    parser.expect({});
    for (std::size_t size = 0; size < stream.size();) {
      size = std::min(size + piece_bytes, stream.size());
      Bytes input = std::as_writable_bytes(std::span(stream).first(size));
      const auto event = parser.next(input);
      ASSERT_TRUE(event);
      EXPECT_EQ(event->has_value(), size == stream.size());
      EXPECT_EQ(input.size(), size == stream.size() ? 0 : size);
    }
    EXPECT_EQ(stream, "HTTP/1.1 200 OK\r\nA: b        c\r\nD:   e\r\n\r\n");
    ASSERT_THAT(table, SizeIs(2));
    EXPECT_EQ(table[0].value, "b        c");
    EXPECT_EQ(table[1].value, "e");
  }
}

TEST(ResponseParser, DeliversContentInPlace) {
  std::string stream = "HTTP/1.1 200 OK\r\n\r\nabc";
  FieldTable table;
  const ResponseLimits limits;
  ResponseParser parser(limits, table);
  parser.expect({});
  Bytes input = std::as_writable_bytes(std::span(stream));
  ASSERT_TRUE(parser.next(input));
  const auto event = parser.next(input);
  ASSERT_TRUE(event && *event);
  const auto& content = std::get<ResponseParser::Content>(**event);
  EXPECT_EQ(as_text(content.data), "abc");
  EXPECT_EQ(reinterpret_cast<const char*>(content.data.data()), stream.data() + stream.find("abc"));
}

struct Refusal {
  Error error;
  std::string stream;
  Requests requests = get;
};

/// `lines` in a response that is valid without them.
std::string with_field(std::string_view lines) {
  return "HTTP/1.1 200 OK\r\n" + std::string(lines) + "\r\n\r\n";
}

std::string chunked(std::string_view content) {
  return with_field("Transfer-Encoding: chunked") + std::string(content);
}

std::string repeat(std::string_view text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

/// For each rule, ways to break it.
std::vector<Refusal> refusals() {
  const std::string nul(1, '\0');
  return {
      {Error::invalid_status_line, "SSH-2.0-OpenSSH_9.2\r\n"},
      {Error::invalid_status_line, "<html>"},
      {Error::invalid_status_line, "\r\nHTTP/1.1 200 OK\r\n\r\n"},
      {Error::invalid_status_line, " HTTP/1.1 200 OK\r\n\r\n"},
      {Error::invalid_status_line, "http/1.1 200 OK\r\n\r\n"},
      {Error::invalid_status_line, "HTTP/11 200 OK\r\n\r\n"},
      {Error::invalid_status_line, "HTTP/1.1  200 OK\r\n\r\n"},
      {Error::invalid_status_line, "HTTP/1.1\t200 OK\r\n\r\n"},
      {Error::invalid_status_line, "HTTP/1.x 200 OK\r\n\r\n"},
      {Error::invalid_status_line, "HTTP/1.1200 OK\r\n\r\n"},
      {Error::invalid_status_line, "HTTP/1.1 20 OK\r\n\r\n"},
      {Error::invalid_status_line, "HTTP/1.1 2000 OK\r\n\r\n"},
      {Error::invalid_status_line, "HTTP/1.1 2x0 OK\r\n\r\n"},
      {Error::invalid_status_line, "HTTP/1.1 -20 OK\r\n\r\n"},
      {Error::invalid_status_line, "HTTP/1.1 200OK\r\n\r\n"},
      {Error::invalid_status_line, "HTTP/1.1 200\tOK\r\n\r\n"},
      {Error::invalid_status_line, "HTTP/1.1\r\n\r\n"},
      {Error::invalid_status_line, "ICY 200 OK\r\n\r\n"},
      {Error::invalid_status_line, "GET / HTTP/1.1\r\n\r\n"},
      {Error::invalid_status_line, nul},
      {Error::unsupported_version, "HTTP/2.0 200 OK\r\n\r\n"},
      {Error::unsupported_version, "HTTP/2 200 OK\r\n\r\n"},
      {Error::unsupported_version, "HTTP/0.9 200 OK\r\n\r\n"},
      {Error::unsupported_version, "HTTP/1.2 200 OK\r\n\r\n"},
      {Error::invalid_status_code, "HTTP/1.1 000 OK\r\n\r\n"},
      {Error::invalid_status_code, "HTTP/1.1 099 OK\r\n\r\n"},
      {Error::invalid_status_code, "HTTP/1.1 600 OK\r\n\r\n"},
      {Error::invalid_status_code, "HTTP/1.1 999 OK\r\n\r\n"},
      {Error::invalid_reason, "HTTP/1.1 200 O" + nul + "K\r\n\r\n"},
      {Error::invalid_reason, "HTTP/1.1 200 \x1b[0m\r\n\r\n"},
      {Error::invalid_reason, "HTTP/1.1 200 OK\x7f\r\n\r\n"},
      {Error::bare_carriage_return, "HTTP/1.1 200 OK\rA: b\r\n\r\n"},
      {Error::bare_carriage_return, "HTTP/1.1 200\rA: b\r\n\r\n"},
      {Error::bare_carriage_return, with_field("A: b\rSet-Cookie: c=d")},
      {Error::bare_carriage_return, with_field("A: b\r\n\rB: c")},
      {Error::bare_carriage_return, chunked("1\rx")},
      {Error::bare_line_feed, "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
      {Error::bare_line_feed, "HTTP/1.1 200\n"},
      {Error::bare_line_feed, with_field("A: b\nTransfer-Encoding: chunked")},
      {Error::bare_line_feed, "HTTP/1.1 200 OK\r\nA: b\r\n\n"},
      {Error::bare_line_feed, chunked("1\nx\r\n0\r\n\r\n")},
      {Error::bare_line_feed, chunked("2;\nxx\r\n0\r\n\r\n")},
      {Error::bare_line_feed, chunked("0\r\nA: b\n\r\n")},
      {Error::folded_line, with_field(" A: b")},
      {Error::folded_line, chunked("0\r\n A: b\r\n\r\n")},
      {Error::bare_line_feed, with_field("A: b\r\n c\n d")},
      {Error::bare_carriage_return, with_field("A: b\r\n c\r d")},
      {Error::invalid_field_name, with_field("A\r\n : b")},
      {Error::invalid_field_value, with_field("A: b\r\n c" + nul)},
      {Error::head_too_large, with_field("A: b" + repeat("\r\n c", 64 * 1024))},
      {Error::invalid_content_length, with_field("Content-Length: 5\r\n 5")},
      {Error::chunked_not_last, with_field("Transfer-Encoding: chunked\r\n , identity")},
      {Error::space_before_colon, with_field("A : b")},
      {Error::space_before_colon, with_field("Transfer-Encoding : chunked")},
      {Error::empty_field_name, with_field(": b")},
      {Error::empty_field_name, chunked("0\r\n: b\r\n\r\n")},
      {Error::invalid_field_name, with_field("A")},
      {Error::invalid_field_name, with_field("A" + nul + "B: c")},
      {Error::invalid_field_value, with_field("A: b" + nul)},
      {Error::invalid_field_value, with_field("Transfer-Encoding: \x0b"
                                              "chunked")},
      {Error::head_too_large, with_field("A: " + std::string(256 * 1024, 'b'))},
      {Error::head_too_large, "HTTP/1.1 200 " + std::string(256 * 1024, 'b')},
      {Error::too_many_fields, "HTTP/1.1 200 OK\r\n" + repeat("A: b\r\n", 257) + "\r\n"},
      {Error::too_many_fields, chunked("0\r\n" + repeat("A: b\r\n", 257) + "\r\n")},
      {Error::invalid_content_length, with_field("Content-Length:")},
      {Error::invalid_content_length, with_field("Content-Length: +5")},
      {Error::invalid_content_length, with_field("Content-Length: -1")},
      {Error::invalid_content_length, with_field("Content-Length: 0x5")},
      {Error::invalid_content_length, with_field("Content-Length: 5 5")},
      {Error::invalid_content_length, with_field("Content-Length: 5,")},
      {Error::invalid_content_length, with_field("Content-Length: ,5")},
      {Error::invalid_content_length, with_field("Content-Length: 18446744073709551616")},
      {Error::invalid_content_length, with_field("Content-Length: x"), head_request},
      {Error::differing_content_lengths, with_field("Content-Length: 5\r\nContent-Length: 6")},
      {Error::differing_content_lengths, with_field("Content-Length: 5, 6")},
      {Error::differing_content_lengths, with_field("Content-Length: 0\r\nContent-Length: 6")},
      {Error::differing_content_lengths, with_field("Content-Length: 5, 6"), head_request},
      {Error::transfer_encoding_and_length,
       with_field("Content-Length: 6\r\nTransfer-Encoding: chunked") + "0\r\n\r\nG"},
      {Error::transfer_encoding_and_length,
       with_field("Transfer-Encoding: chunked\r\nContent-Length: 0")},
      {Error::transfer_encoding_and_length,
       with_field("Transfer-Encoding: chunked\r\nContent-Length: 0"), head_request},
      {Error::transfer_encoding_in_http_1_0,
       "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {Error::repeated_transfer_encoding,
       with_field("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")},
      {Error::chunked_not_last, with_field("Transfer-Encoding: gzip")},
      {Error::chunked_not_last, with_field("Transfer-Encoding: identity")},
      {Error::chunked_not_last, with_field("Transfer-Encoding: chunked, identity")},
      {Error::chunked_not_last, with_field("Transfer-Encoding: xchunked")},
      {Error::chunked_not_last, with_field("Transfer-Encoding:")},
      {Error::unknown_transfer_coding, with_field("Transfer-Encoding: gzip, chunked")},
      {Error::invalid_chunk_size, chunked("\r\n")},
      {Error::invalid_chunk_size, chunked("0x1\r\n")},
      {Error::chunk_size_overflow, chunked("10000000000000000\r\n")},
      {Error::invalid_chunk_extension, chunked("1;a" + nul + "\r\nx\r\n")},
      {Error::chunk_extension_too_large, chunked("1;" + std::string(64 * 1024 + 1, 'a'))},
      {Error::missing_chunk_end, chunked("3\r\nabcd\r\n0\r\n\r\n")},
      {Error::content_too_large, chunked("1\r\na\r\nffffffffffffffff\r\n")},
      {Error::trailers_too_large, chunked("0\r\nA: " + std::string(256 * 1024, 'b'))},
      {Error::unsolicited_response, "HTTP/1.1 200 OK\r\n\r\n", {}},
      {Error::unsolicited_response, "\r\n", {}},
      {Error::unsolicited_response, with_field("Content-Length: 1") + "ab"},
      {Error::unsolicited_response, with_field("Content-Length: 0") + "\r\n"},
      {Error::unsolicited_response, with_field("Content-Length: 1") + "a", head_request},
      {Error::unsolicited_response, "HTTP/1.1 304 OK\r\n\r\nx"},
      {Error::unsolicited_response, chunked("0\r\n\r\nx")},
      {Error::too_many_interim_responses, repeat("HTTP/1.1 100 Continue\r\n\r\n", 33)},
      {Error::unexpected_upgrade, "HTTP/1.1 101 Switching Protocols\r\n\r\n"},
      {Error::unexpected_upgrade, "HTTP/1.1 101 Switching Protocols\r\n\r\n", connect},
      {Error::unexpected_upgrade, "HTTP/1.0 101 Switching Protocols\r\n\r\n", upgrade},
      {Error::forbidden_content, "HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\n"},
      {Error::forbidden_content, "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {Error::forbidden_content, "HTTP/1.1 100 Continue\r\nContent-Length: 1\r\n\r\n"},
      {Error::forbidden_content, "HTTP/1.1 101 Go\r\nContent-Length: 1\r\n\r\n", upgrade},
  };
}

TEST(ResponseParser, RefusesWhatBreaksARule) {
  for (const Refusal& refusal : refusals()) {
    const auto error = parse(refusal.stream, refusal.requests).error;
    EXPECT_EQ(error, refusal.error)
        << refusal.stream.substr(0, 200) << "\nexpected: " << describe(refusal.error)
        << "\nfound: " << (error ? describe(*error) : "nothing wrong");
  }
}

TEST(ResponseParser, CanReportEveryErrorButThoseOfRequests) {
  std::set<Error> seen;
  for (const Refusal& refusal : refusals()) seen.insert(refusal.error);
  // See TellsACutResponseFromACompleteOne.
  seen.insert({Error::no_response, Error::incomplete_head, Error::incomplete_content});
  // Those of the request line and of Host, and two rules that are others for responses.
  const std::set<Error> requests_only = {
      Error::too_many_empty_lines,   Error::invalid_request_line, Error::invalid_method,
      Error::unknown_method,         Error::connect_unsupported,  Error::invalid_target,
      Error::invalid_target_form,    Error::target_too_long,      Error::invalid_version,
      Error::missing_host,           Error::repeated_host,        Error::invalid_host,
      Error::repeated_content_length};
  for (std::size_t i = 0; i < error_count; ++i) {
    const auto error = static_cast<Error>(i);
    EXPECT_NE(seen.contains(error), requests_only.contains(error)) << describe(error);
  }
}

TEST(ResponseParser, NeverReadsASecondResponseBehindABrokenOne) {
  for (const Refusal& refusal : refusals()) {
    Requests requests = refusal.requests;
    if (refusal.error == Error::unsolicited_response) continue;
    requests.resize(5);
    const auto transcript = read_whole(
        refusal.stream + "HTTP/1.1 299 Smuggled\r\nContent-Length: 0\r\n\r\n", requests, {});
    for (const auto& response : transcript.responses) {
      EXPECT_NE(http::code(response.status), 299) << refusal.stream;
    }
  }
}

TEST(ResponseParser, HoldsLimitsExactly) {
  const ResponseLimits limits{.head_bytes_max = 200,
                              .field_count_max = 2,
                              .body_bytes_max = 5,
                              .chunk_extension_bytes_max = 3,
                              .interim_count_max = 1,
                              .drain_bytes_max = 0};
  const auto error_of = [&](const std::string& stream, const Requests& requests = get) {
    return parse(stream, requests, limits).error;
  };
  const std::string begin = "HTTP/1.1 200 OK\r\nA: ";
  const auto head_of = [&](std::size_t bytes) {
    return begin + std::string(bytes - begin.size() - 4, 'b') + "\r\n\r\n";
  };
  EXPECT_EQ(error_of(head_of(200)), std::nullopt);
  EXPECT_EQ(error_of(head_of(201)), Error::head_too_large);
  EXPECT_EQ(error_of(head_of(300).substr(0, 200)), Error::head_too_large);
  EXPECT_EQ(error_of(head_of(300).substr(0, 199)), std::nullopt);

  EXPECT_EQ(error_of(with_field("A: b\r\nB: c")), std::nullopt);
  EXPECT_EQ(error_of(with_field("A: b\r\nB: c\r\nC: d")), Error::too_many_fields);

  EXPECT_EQ(error_of(with_field("Content-Length: 5") + "12345"), std::nullopt);
  EXPECT_EQ(error_of(with_field("Content-Length: 6")), Error::content_too_large);
  EXPECT_EQ(error_of(with_field("Content-Length: 6"), head_request), std::nullopt);
  EXPECT_EQ(error_of(chunked("2\r\n12\r\n3\r\n345\r\n0\r\n\r\n")), std::nullopt);
  EXPECT_EQ(error_of(chunked("2\r\n12\r\n4\r\n")), Error::content_too_large);
  EXPECT_EQ(error_of(with_field("A: b") + "12345"), std::nullopt);
  EXPECT_EQ(error_of(with_field("A: b") + "123456"), Error::content_too_large);

  EXPECT_EQ(error_of(chunked("1;ab\r\nx\r\n1;c\r\nx\r\n0\r\n\r\n")), std::nullopt);
  EXPECT_EQ(error_of(chunked("1;ab\r\nx\r\n1;cd\r\n")), Error::chunk_extension_too_large);

  const std::string trailers = "A: " + std::string(200 - 3 - 4, 'b') + "\r\n\r\n";
  EXPECT_EQ(error_of(chunked("0\r\n" + trailers)), std::nullopt);
  EXPECT_EQ(error_of(chunked("0\r\nB" + trailers)), Error::trailers_too_large);

  // Interim responses count for each final one anew.
  const std::string answer = "HTTP/1.1 100 \r\n\r\n" + with_field("Content-Length: 0");
  EXPECT_EQ(error_of(answer + answer, {{}, {}}), std::nullopt);
  EXPECT_EQ(error_of("HTTP/1.1 100 \r\n\r\n" + answer), Error::too_many_interim_responses);
}

TEST(ResponseParser, TakesAnotherBodyLimitForOneResponse) {
  const ResponseLimits limits{.body_bytes_max = 3};
  for (const std::string& head :
       {with_field("Content-Length: 5"), with_field("A: b"), chunked("5\r\n")}) {
    FieldTable table;
    ResponseParser parser(limits, table);
    parser.expect({});
    std::string stream = head + "12345";
    Bytes input = std::as_writable_bytes(std::span(stream));
    ASSERT_TRUE(parser.next(input));
    parser.limit_body(5);
    const auto content = parser.next(input);
    ASSERT_TRUE(content && *content);
    EXPECT_EQ(as_text(std::get<ResponseParser::Content>(**content).data), "12345");
  }
}

TEST(ResponseParser, ReplaysItsCorpus) {
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(DUPLEX_CORPUS "/response_parser_fuzz")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(file), {});
    check_response_parser(content);
    ++files;
  }
  EXPECT_GT(files, 10U);
}

}  // namespace
}  // namespace duplex::http1

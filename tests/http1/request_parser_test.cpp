#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "fuzz/http1/request_parser_properties.hpp"
#include <duplex/http1/request_parser.hpp>

namespace duplex::http1 {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

/// Parses `stream` whole, byte by byte, in threes and cut in two at every place, and expects the
/// same each time. Streams that are long, to reach the default limits, are cut less often.
Transcript parse(std::string_view stream, const Limits& limits = {}) {
  const Transcript whole = parse_whole(stream, limits);
  check_transcript(whole, limits);
  const std::size_t stride = 1 + stream.size() / 2000;
  EXPECT_EQ(parse_in_pieces(stream, stride, limits), whole) << stream;
  EXPECT_EQ(parse_in_pieces(stream, 3 * stride, limits), whole) << stream;
  for (std::size_t cut = 0; cut <= stream.size(); cut += stride * stride) {
    EXPECT_EQ(parse_in_two(stream, cut, limits), whole) << stream << " cut at " << cut;
  }
  return whole;
}

/// The one request that `stream` holds, whole and valid; also with another behind it.
Transcript::Request parse_one(std::string_view stream, const Limits& limits = {}) {
  Transcript transcript = parse(stream, limits);
  EXPECT_FALSE(transcript.error) << describe(*transcript.error);
  EXPECT_TRUE(transcript.idle);
  EXPECT_EQ(transcript.consumed, stream.size());
  EXPECT_THAT(transcript.requests, SizeIs(1)) << stream;
  if (transcript.requests.empty()) return {};
  EXPECT_TRUE(transcript.requests[0].ended);

  static constexpr std::string_view next = "GET /next HTTP/1.0\r\n\r\n";
  const Transcript both = parse_whole(std::string(stream).append(next), limits);
  EXPECT_FALSE(both.error);
  EXPECT_THAT(both.requests, SizeIs(2));
  if (both.requests.size() == 2) {
    EXPECT_EQ(both.requests[0], transcript.requests[0]);
    EXPECT_EQ(both.requests[1].path, "/next");
  }
  return std::move(transcript.requests[0]);
}

std::optional<Error> error_of(std::string_view stream, const Limits& limits = {}) {
  return parse(stream, limits).error;
}

TEST(RequestParser, ReadsASimpleGet) {
  const auto request =
      parse_one("GET /a/b?c=d HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\n");
  EXPECT_EQ(request.method, http::Method::get);
  EXPECT_EQ(request.version, http::Version::http_1_1);
  EXPECT_EQ(request.target, "/a/b?c=d");
  EXPECT_EQ(request.path, "/a/b");
  EXPECT_EQ(request.query, "c=d");
  EXPECT_EQ(request.authority, "example.com");
  EXPECT_EQ(request.raw, "GET /a/b?c=d HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\n");
  EXPECT_THAT(request.fields, ElementsAre(Pair("Host", "example.com"), Pair("Accept", "*/*")));
  EXPECT_FALSE(request.chunked);
  EXPECT_EQ(request.content_length, 0U);
}

TEST(RequestParser, ReadsEveryMethodButConnect) {
  for (std::size_t i = 0; i < http::method_count; ++i) {
    const auto method = static_cast<http::Method>(i);
    const std::string stream = std::string(name(method)) + " / HTTP/1.1\r\nHost: a\r\n\r\n";
    if (method == http::Method::connect) {
      EXPECT_EQ(error_of(stream), Error::connect_unsupported);
    } else {
      EXPECT_EQ(parse_one(stream).method, method);
    }
  }
}

TEST(RequestParser, TrimsWhitespaceAroundValues) {
  const auto request = parse_one(
      "GET / HTTP/1.1\r\nhOsT:a\r\nA: \t b \t c\t \r\nB:\r\nC: \t \r\nD: \x80\xff\r\n\r\n");
  EXPECT_THAT(request.fields, ElementsAre(Pair("hOsT", "a"), Pair("A", "b \t c"), Pair("B", ""),
                                          Pair("C", ""), Pair("D", "\x80\xff")));
}

TEST(RequestParser, ReadsVersions) {
  EXPECT_EQ(parse_one("GET / HTTP/1.0\r\n\r\n").version, http::Version::http_1_0);
  // RFC 9110 section 2.5: a higher minor version is read as the highest that we know.
  EXPECT_EQ(parse_one("GET / HTTP/1.2\r\nHost: a\r\n\r\n").version, http::Version::http_1_1);
  EXPECT_EQ(parse_one("GET / HTTP/1.9\r\nHost: a\r\n\r\n").version, http::Version::http_1_1);
}

TEST(RequestParser, TakesTargetsApart) {
  struct Case {
    std::string_view method, target, path, query, authority;
  };
  const Case cases[] = {
      {"GET", "/", "/", "", "h"},
      {"GET", "//", "//", "", "h"},
      {"GET", "/?", "/", "", "h"},
      {"GET", "/a?b?c", "/a", "b?c", "h"},
      {"GET", "/%00|{}\"<>^`\\~", "/%00|{}\"<>^`\\~", "", "h"},
      {"GET", "http://other:81/x?y", "/x", "y", "other:81"},
      {"GET", "HTTPS://other", "/", "", "other"},
      {"GET", "ws://[::1]:80?q", "/", "q", "[::1]:80"},
      {"GET", "wss://a.b/", "/", "", "a.b"},
      {"GET", "http://a?b/c", "/", "b/c", "a"},
      {"OPTIONS", "*", "*", "", "h"},
      {"OPTIONS", "http://other:8001", "*", "", "other:8001"},
      {"OPTIONS", "http://other/", "/", "", "other"},
      {"OPTIONS", "http://other?a", "/", "a", "other"},
      {"OPTIONS", "/a", "/a", "", "h"},
  };
  for (const Case& c : cases) {
    const auto request = parse_one(std::string(c.method) + " " + std::string(c.target) +
                                   " HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(request.target, c.target);
    EXPECT_EQ(request.path, c.path) << c.target;
    EXPECT_EQ(request.query, c.query) << c.target;
    EXPECT_EQ(request.authority, c.authority) << c.target;
  }
}

TEST(RequestParser, AcceptsValidHosts) {
  for (std::string_view host :
       {"a", "example.com", "example.com.", "127.0.0.1:8080", "[::1]", "[::1]:443", "[v1.a:b]",
        "a_b-c~d", "a:", "a:0", "a:65535", "xn--bcher-kva.example", "%41", "a;b"}) {
    EXPECT_EQ(parse_one("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n").authority,
              host);
  }
}

TEST(RequestParser, RefusesInvalidHosts) {
  for (std::string_view host :
       {"",      "a b",    "a/b", "user@a", "a:b",  "a:65536", "a:-1", "a:1:2", "[::1", "::1", "[]",
        "[a%b]", "[::1]a", ":80", "a,b",    "a\\b", "a?b",     "a#b",  "<a>",   "\x80", "a\tb"}) {
    const auto error = error_of("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    if (host == "a,b") {
      EXPECT_EQ(error, std::nullopt) << "a comma is a sub-delim of a reg-name";
    } else {
      EXPECT_EQ(error, Error::invalid_host) << host;
    }
  }
}

TEST(RequestParser, NeedsNoHostInHttp10) {
  EXPECT_EQ(parse_one("GET / HTTP/1.0\r\n\r\n").authority, "");
  EXPECT_EQ(parse_one("GET / HTTP/1.0\r\nHost: a\r\n\r\n").authority, "a");
  EXPECT_EQ(parse_one("GET http://b/ HTTP/1.0\r\n\r\n").authority, "b");
}

TEST(RequestParser, SkipsAFewEmptyLinesBeforeARequest) {
  EXPECT_EQ(parse_one("\r\n\r\nGET / HTTP/1.0\r\n\r\n").path, "/");
  EXPECT_EQ(parse_one("\r\n\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n").path, "/");
  EXPECT_EQ(error_of("\r\n\r\n\r\n\r\n\r\n"), Error::too_many_empty_lines);
  // The count begins anew with each request.
  const auto transcript =
      parse("\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n\r\n\r\n");
  EXPECT_FALSE(transcript.error);
  EXPECT_THAT(transcript.requests, SizeIs(2));
}

TEST(RequestParser, ReadsContentOfAGivenLength) {
  using namespace std::string_view_literals;
  const auto request =
      parse_one("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 011\r\n\r\nhello\r\n\0you"sv);
  EXPECT_EQ(request.content_length, 11U);
  EXPECT_EQ(request.content, "hello\r\n\0you"sv);
  EXPECT_EQ(parse_one("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").content, "");
}

TEST(RequestParser, DecodesChunkedContent) {
  const auto request = parse_one(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "5\r\nhello\r\n1;a=b;c=\"d e\"\r\n,\r\n006 ;x\r\n "
      "world\r\nA\r\n0123456789\r\n0;last\r\n\r\n");
  EXPECT_TRUE(request.chunked);
  EXPECT_EQ(request.content, "hello, world0123456789");
  EXPECT_THAT(request.trailers, IsEmpty());
}

TEST(RequestParser, ReadsTrailersAndDropsThoseThatFrame) {
  const auto request = parse_one(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
      "Digest: abc\r\nContent-Length: 5\r\ntransfer-encoding: gzip\r\nHost: evil\r\n"
      "Authorization: x\r\nAfter: \r\n\r\n");
  EXPECT_EQ(request.content, "x");
  EXPECT_EQ(request.authority, "a");
  EXPECT_THAT(request.trailers, ElementsAre(Pair("Digest", "abc"), Pair("After", "")));
}

TEST(RequestParser, DeliversContentInPlace) {
  std::string stream =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
  FieldTable table;
  const Limits limits;
  RequestParser parser(limits, table);
  Bytes input = std::as_writable_bytes(std::span(stream));
  ASSERT_TRUE(parser.next(input));
  const auto event = parser.next(input);
  ASSERT_TRUE(event && *event);
  const auto& content = std::get<RequestParser::Content>(**event);
  EXPECT_EQ(as_text(content.data), "abc");
  EXPECT_EQ(reinterpret_cast<const char*>(content.data.data()), stream.data() + stream.find("abc"));
}

TEST(RequestParser, LeavesThePipelinedRequestInTheInput) {
  std::string stream = "GET /1 HTTP/1.0\r\n\r\nGET /2 HTTP/1.0\r\n\r\n";
  FieldTable table;
  const Limits limits;
  RequestParser parser(limits, table);
  Bytes input = std::as_writable_bytes(std::span(stream));
  ASSERT_TRUE(parser.next(input));
  const auto end = parser.next(input);
  ASSERT_TRUE(end && *end && std::holds_alternative<RequestParser::End>(**end));
  EXPECT_EQ(as_text(input), "GET /2 HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(parser.idle());
}

TEST(RequestParser, ReadsManyPipelinedRequests) {
  std::string stream;
  for (int i = 0; i < 20; ++i) {
    stream += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
    stream +=
        "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nT: "
        "u\r\n\r\n";
    stream += "PUT /l HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyz";
  }
  const auto transcript = parse(stream);
  ASSERT_THAT(transcript.requests, SizeIs(60));
  for (std::size_t i = 0; i < 60; i += 3) {
    EXPECT_EQ(transcript.requests[i].path, "/" + std::to_string(i / 3));
    EXPECT_EQ(transcript.requests[i + 1].content, "ab");
    EXPECT_EQ(transcript.requests[i + 2].content, "xyz");
  }
}

TEST(RequestParser, IsIdleOnlyBetweenRequests) {
  FieldTable table;
  const Limits limits;
  RequestParser parser(limits, table);
  std::string stream = "\r\nPOST / HTTP/1.0\r\nContent-Length: 1\r\n\r\nx";
  EXPECT_TRUE(parser.idle());
  Bytes input;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    const std::size_t begin = i < 2 ? 0 : (i >= stream.size() - 1 ? i : 2);
    input = std::as_writable_bytes(std::span(stream)).subspan(begin, i + 1 - begin);
    ASSERT_TRUE(parser.next(input));
    EXPECT_EQ(parser.idle(), i == 1) << i;
  }
  const auto end = parser.next(input);
  ASSERT_TRUE(end && *end && std::holds_alternative<RequestParser::End>(**end));
  EXPECT_TRUE(parser.idle());
}

TEST(RequestParser, RefusesGarbageAtItsFirstBytes) {
  // A TLS ClientHello, the preface of SOCKS 5, and a request in UTF-16.
  EXPECT_EQ(error_of(std::string_view("\x16\x03\x01\x02\x00", 5)), Error::invalid_method);
  EXPECT_EQ(error_of("\x16"), Error::invalid_method);
  EXPECT_EQ(error_of("\x05\x01"), Error::invalid_method);
  EXPECT_EQ(error_of("\xff\xfeG"), Error::invalid_method);
  EXPECT_EQ(error_of("GET / FTP"), Error::invalid_version);
}

struct Refusal {
  Error error;
  std::string stream;
};

/// `line` in a request that is valid without it.
std::string with_field(std::string_view line) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(line) + "\r\n\r\n";
}

std::string chunked(std::string_view content) {
  return with_field("Transfer-Encoding: chunked") + std::string(content);
}

/// For each rule, ways to break it. Smuggling vectors by the names of the literature: CL.TE and
/// TE.CL (Linhart et al. 2005, Kettle 2019), TE.TE by obfuscation (Kettle 2019), CL.0, chunk
/// extensions with a bare LF (TERM.EXT, Bishop and others 2025), chunk bodies without their CRLF
/// (spill), and the list of RFC 9112 section 11.2.
std::vector<Refusal> refusals() {
  const std::string nul(1, '\0');
  return {
      {Error::too_many_empty_lines, "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n"},
      {Error::invalid_request_line, "GET\r\n"},
      {Error::invalid_request_line, "GET\n"},
      {Error::invalid_request_line, "GET /\r\n"},
      {Error::invalid_request_line, "GET \r\n"},
      {Error::invalid_method, " GET / HTTP/1.1\r\n"},
      {Error::invalid_method, "GET\t/ HTTP/1.1\r\n"},
      {Error::invalid_method, "G(T / HTTP/1.1\r\n"},
      {Error::invalid_method, "G" + nul + "T / HTTP/1.1\r\n"},
      {Error::invalid_method, "G\xc3\x89T / HTTP/1.1\r\n"},
      {Error::unknown_method, "get / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {Error::unknown_method, "PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {Error::unknown_method, "GETX / HTTP/1.1\r\n"},
      {Error::unknown_method, std::string(33, 'A')},
      {Error::connect_unsupported, "CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {Error::invalid_target, "GET  / HTTP/1.1\r\n"},
      {Error::invalid_target, "GET /a#b HTTP/1.1\r\n"},
      {Error::invalid_target, "GET /a\tb HTTP/1.1\r\n"},
      {Error::invalid_target, "GET /a" + nul},
      {Error::invalid_target, "GET /\xc3\xa9 HTTP/1.1\r\n"},
      {Error::invalid_target, "GET /\x7f HTTP/1.1\r\n"},
      {Error::invalid_target_form, "GET * HTTP/1.1\r\n"},
      {Error::invalid_target_form, "GET a HTTP/1.1\r\n"},
      {Error::invalid_target_form, "GET example.com:443 HTTP/1.1\r\n"},
      {Error::invalid_target_form, "GET ftp://a/ HTTP/1.1\r\n"},
      {Error::invalid_target_form, "GET http:/a HTTP/1.1\r\n"},
      {Error::invalid_target_form, "GET http:///a HTTP/1.1\r\n"},
      {Error::invalid_target_form, "GET http://user@a/ HTTP/1.1\r\n"},
      {Error::invalid_target_form, "GET http://a:b/ HTTP/1.1\r\n"},
      {Error::invalid_target_form, "OPTIONS *a HTTP/1.1\r\n"},
      {Error::target_too_long, "GET /" + std::string(16 * 1024, 'a')},
      {Error::invalid_version, "GET / HTTP/1.1 \r\n"},
      {Error::invalid_version, "GET /  HTTP/1.1\r\n"},
      {Error::invalid_version, "GET / a HTTP/1.1\r\n"},
      {Error::invalid_version, "GET / http/1.1\r\n"},
      {Error::invalid_version, "GET / HTTP/11\r\n"},
      {Error::invalid_version, "GET / HTTP/1.10\r\n"},
      {Error::invalid_version, "GET / HTTP/+1.1\r\n"},
      {Error::invalid_version, "GET / HTTP/1,1\r\n"},
      {Error::invalid_version, "GET / HTTP/1.x\r\n"},
      {Error::unsupported_version, "GET / HTTP/0.9\r\n"},
      {Error::unsupported_version, "GET / HTTP/2.0\r\n"},
      {Error::unsupported_version, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {Error::bare_carriage_return, "\rGET / HTTP/1.1\r\n"},
      {Error::bare_carriage_return, "GET / HTTP/1.1\rHost: a\r\n\r\n"},
      {Error::bare_carriage_return, with_field("A: b\rC: d")},
      {Error::bare_carriage_return, with_field("A: b\r\rC: d")},
      {Error::bare_carriage_return, with_field("A: b\r\n\rC: d")},
      {Error::bare_carriage_return, chunked("1\rx")},
      {Error::bare_carriage_return, chunked("1;a\rx")},
      {Error::bare_line_feed, "\nGET / HTTP/1.1\r\n"},
      {Error::bare_line_feed, "GET / HTTP/1.1\nHost: a\n\n"},
      {Error::bare_line_feed, with_field("A: b\nTransfer-Encoding: chunked")},
      {Error::bare_line_feed, with_field("A\nB: c")},
      {Error::bare_line_feed, "GET / HTTP/1.1\r\nHost: a\r\n\n"},
      {Error::bare_line_feed, chunked("1\nx\r\n0\r\n\r\n")},
      {Error::bare_line_feed, chunked("2;\nxx\r\n0\r\n\r\n")},
      {Error::bare_line_feed, chunked("0\r\nA: b\n\r\n")},
      {Error::folded_line, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
      {Error::folded_line, with_field("A: b\r\n c")},
      {Error::folded_line, with_field("A: b\r\n\tc")},
      {Error::chunked_not_last, with_field("Transfer-Encoding:\r\n chunked")},
      {Error::space_before_colon, with_field("A : b")},
      {Error::space_before_colon, with_field("Transfer-Encoding : chunked")},
      {Error::space_before_colon, with_field("Content-Length\t: 5")},
      {Error::empty_field_name, with_field(": b")},
      {Error::empty_field_name, chunked("0\r\n: b\r\n\r\n")},
      {Error::invalid_field_name, with_field("A")},
      {Error::invalid_field_name, with_field("A\"B: c")},
      {Error::invalid_field_name, with_field("A" + nul + "B: c")},
      {Error::invalid_field_name, with_field("\xe2\x80\x8b"
                                             "Transfer-Encoding: chunked")},
      {Error::invalid_field_name, with_field("(A: b")},
      {Error::invalid_field_value, with_field("A: b" + nul)},
      {Error::invalid_field_value, with_field("A: \x1b[0m")},
      {Error::invalid_field_value, with_field("A: \x7f")},
      {Error::invalid_field_value, with_field("Transfer-Encoding: \x0b"
                                              "chunked")},
      {Error::invalid_field_value, with_field("Content-Length: 5\x0c")},
      {Error::head_too_large, with_field("A: " + std::string(64 * 1024, 'b'))},
      {Error::head_too_large, with_field(std::string(64 * 1024, 'b'))},
      {Error::missing_host, "GET / HTTP/1.1\r\n\r\n"},
      {Error::missing_host, "GET http://a/ HTTP/1.1\r\nHos: a\r\n\r\n"},
      {Error::repeated_host, "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n"},
      {Error::repeated_host, "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"},
      {Error::invalid_host, "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
      {Error::invalid_host, "GET http://b/ HTTP/1.1\r\nHost: a b\r\n\r\n"},
      {Error::invalid_content_length, with_field("Content-Length: ")},
      {Error::invalid_content_length, with_field("Content-Length: +5")},
      {Error::invalid_content_length, with_field("Content-Length: -1")},
      {Error::invalid_content_length, with_field("Content-Length: 0x5")},
      {Error::invalid_content_length, with_field("Content-Length: 5 5")},
      {Error::invalid_content_length, with_field("Content-Length: 5, 5")},
      {Error::invalid_content_length, with_field("Content-Length: 5, 6")},
      {Error::invalid_content_length, with_field("Content-Length: 5;a")},
      {Error::invalid_content_length, with_field("Content-Length: \"5\"")},
      {Error::invalid_content_length, with_field("Content-Length: 1e3")},
      {Error::invalid_content_length, with_field("Content-Length: 18446744073709551616")},
      {Error::repeated_content_length, with_field("Content-Length: 5\r\nContent-Length: 6")},
      {Error::repeated_content_length, with_field("Content-Length: 5\r\ncontent-length: 5")},
      {Error::transfer_encoding_and_length,
       with_field("Content-Length: 6\r\nTransfer-Encoding: chunked") + "0\r\n\r\nG"},  // CL.TE
      {Error::transfer_encoding_and_length,
       with_field("Transfer-Encoding: chunked\r\nContent-Length: 3") +
           "8\r\nSMUGGLED\r\n0\r\n\r\n"},
      {Error::transfer_encoding_and_length,
       with_field("Transfer-Encoding: chunked\r\nContent-Length: 0")},
      {Error::transfer_encoding_in_http_1_0,
       "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {Error::repeated_transfer_encoding,
       with_field("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")},
      {Error::repeated_transfer_encoding,
       with_field("Transfer-Encoding: chunked\r\nTransfer-encoding: cow")},  // TE.TE
      {Error::chunked_not_last, with_field("Transfer-Encoding: gzip")},
      {Error::chunked_not_last, with_field("Transfer-Encoding: identity")},
      {Error::chunked_not_last, with_field("Transfer-Encoding: chunked, identity")},
      {Error::chunked_not_last, with_field("Transfer-Encoding: chunked, chunked")},
      {Error::chunked_not_last, with_field("Transfer-Encoding: xchunked")},
      {Error::chunked_not_last, with_field("Transfer-Encoding: chunkedx")},
      {Error::chunked_not_last, with_field("Transfer-Encoding: chunked;q=1")},
      {Error::chunked_not_last, with_field("Transfer-Encoding: \"chunked\"")},
      {Error::chunked_not_last, with_field("Transfer-Encoding: 'chunked'")},
      {Error::chunked_not_last, with_field("Transfer-Encoding: ,chunked")},
      {Error::chunked_not_last, with_field("Transfer-Encoding: chunked,")},
      {Error::chunked_not_last, with_field("Transfer-Encoding:")},
      {Error::chunked_not_last, with_field("Transfer-Encoding: chunk\xc5\xbf")},
      {Error::unknown_transfer_coding, with_field("Transfer-Encoding: gzip, chunked")},
      {Error::unknown_transfer_coding, with_field("Transfer-Encoding: identity,chunked")},
      {Error::invalid_chunk_size, chunked("\r\n")},
      {Error::invalid_chunk_size, chunked("-1\r\n")},
      {Error::invalid_chunk_size, chunked("+1\r\n")},
      {Error::invalid_chunk_size, chunked("0x1\r\n")},
      {Error::invalid_chunk_size, chunked(" 1\r\n")},
      {Error::invalid_chunk_size, chunked("1 \r\n")},
      {Error::invalid_chunk_size, chunked("1 1\r\n")},
      {Error::invalid_chunk_size, chunked("1g\r\n")},
      {Error::invalid_chunk_size, chunked("1_0\r\n")},
      {Error::invalid_chunk_size, chunked(";a\r\n")},
      {Error::invalid_chunk_size, chunked("1" + nul)},
      {Error::chunk_size_overflow, chunked("10000000000000000\r\n")},
      {Error::chunk_size_overflow, chunked("00000000000000001\r\n")},
      {Error::invalid_chunk_extension, chunked("1;a" + nul + "\r\nx\r\n")},
      {Error::invalid_chunk_extension, chunked("1;a\x7f\r\nx\r\n")},
      {Error::chunk_extension_too_large, chunked("1;" + std::string(64 * 1024 + 1, 'a'))},
      {Error::chunk_extension_too_large, chunked("1" + std::string(64 * 1024 + 2, ' '))},
      {Error::missing_chunk_end, chunked("3\r\nabcd\r\n0\r\n\r\n")},
      {Error::missing_chunk_end, chunked("3\r\nabc0\r\n\r\n")},
      {Error::missing_chunk_end, chunked("3\r\nabc\n0\r\n\r\n")},
      {Error::missing_chunk_end, chunked("3\r\nabc\rX")},
      {Error::content_too_large, with_field("Content-Length: 16777217")},
      {Error::content_too_large, with_field("Content-Length: 18446744073709551615")},
      {Error::content_too_large, chunked("1000001\r\n")},
      {Error::content_too_large, chunked("ffffffffffffffff\r\n")},
      {Error::content_too_large, chunked("1\r\na\r\nffffffffffffffff\r\n")},
      {Error::trailers_too_large, chunked("0\r\nA: " + std::string(64 * 1024, 'b'))},
      {Error::too_many_fields,
       [] {
         std::string stream = "GET / HTTP/1.1\r\n";
         for (int i = 0; i < 129; ++i) stream += "A: b\r\n";
         return stream;
       }()},
      {Error::too_many_fields,
       [] {
         std::string stream = chunked("0\r\n");
         for (int i = 0; i < 129; ++i) stream += "A: b\r\n";
         return stream;
       }()},
  };
}

TEST(RequestParser, RefusesWhatBreaksARule) {
  for (const Refusal& refusal : refusals()) {
    const auto error = error_of(refusal.stream);
    EXPECT_EQ(error, refusal.error)
        << refusal.stream.substr(0, 200) << "\nexpected: " << describe(refusal.error)
        << "\nfound: " << (error ? describe(*error) : "nothing wrong");
  }
}

TEST(RequestParser, CanReportEveryError) {
  std::set<Error> seen;
  for (const Refusal& refusal : refusals()) seen.insert(refusal.error);
  // The others are for responses only.
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(Error::invalid_status_line));
}

TEST(RequestParser, NeverReadsASecondRequestBehindABrokenOne) {
  for (const Refusal& refusal : refusals()) {
    const auto transcript =
        parse_whole(refusal.stream + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", {});
    for (const auto& request : transcript.requests) EXPECT_NE(request.path, "/smuggled");
  }
}

TEST(RequestParser, HoldsLimitsExactly) {
  const std::string begin = "GET / HTTP/1.1\r\nHost: a\r\nA: ";
  const Limits limits{.head_bytes_max = 200,
                      .field_count_max = 2,
                      .target_bytes_max = 20,
                      .body_bytes_max = 5,
                      .chunk_extension_bytes_max = 3,
                      .drain_bytes_max = 0};
  const auto head_of = [&](std::size_t bytes) {
    return begin + std::string(bytes - begin.size() - 4, 'b') + "\r\n\r\n";
  };
  EXPECT_EQ(error_of(head_of(200), limits), std::nullopt);
  EXPECT_EQ(error_of(head_of(201), limits), Error::head_too_large);
  EXPECT_EQ(error_of(head_of(300).substr(0, 200), limits), Error::head_too_large);
  EXPECT_EQ(error_of(head_of(300).substr(0, 199), limits), std::nullopt);

  const auto target_of = [](std::size_t bytes) {
    return "GET /" + std::string(bytes - 1, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  EXPECT_EQ(error_of(target_of(20), limits), std::nullopt);
  EXPECT_EQ(error_of(target_of(21), limits), Error::target_too_long);
  EXPECT_EQ(error_of(target_of(30).substr(0, 4 + 21), limits), Error::target_too_long);

  EXPECT_EQ(error_of("GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n", limits), std::nullopt);
  EXPECT_EQ(error_of("GET / HTTP/1.1\r\nHost: a\r\nA: b\r\nB: c\r\n", limits),
            Error::too_many_fields);

  EXPECT_EQ(error_of(with_field("Content-Length: 5") + "12345", limits), std::nullopt);
  EXPECT_EQ(error_of(with_field("Content-Length: 6"), limits), Error::content_too_large);
  EXPECT_EQ(error_of(chunked("2\r\n12\r\n3\r\n345\r\n0\r\n\r\n"), limits), std::nullopt);
  EXPECT_EQ(error_of(chunked("2\r\n12\r\n4\r\n"), limits), Error::content_too_large);

  EXPECT_EQ(error_of(chunked("1;ab\r\nx\r\n1;c\r\nx\r\n0\r\n\r\n"), limits), std::nullopt);
  EXPECT_EQ(error_of(chunked("1;ab\r\nx\r\n1;cd\r\n"), limits), Error::chunk_extension_too_large);

  const std::string trailers = "A: " + std::string(200 - 3 - 4, 'b') + "\r\n\r\n";
  EXPECT_EQ(error_of(chunked("0\r\n" + trailers), limits), std::nullopt);
  EXPECT_EQ(error_of(chunked("0\r\nB" + trailers), limits), Error::trailers_too_large);
}

TEST(RequestParser, DeliversNoContentThatExceedsTheLimit) {
  const auto transcript =
      parse(chunked("2\r\n12\r\n4\r\n3456\r\n0\r\n\r\n"), {.body_bytes_max = 5});
  ASSERT_THAT(transcript.requests, SizeIs(1));
  EXPECT_EQ(transcript.requests[0].content, "12");
}

TEST(RequestParser, TakesAnotherBodyLimitForOneRequest) {
  const Limits limits{.body_bytes_max = 3};
  FieldTable table;
  RequestParser parser(limits, table);
  std::string stream = with_field("Content-Length: 5") + "12345" + with_field("Content-Length: 5");
  Bytes input = std::as_writable_bytes(std::span(stream));
  ASSERT_TRUE(parser.next(input));
  parser.limit_body(5);
  const auto content = parser.next(input);
  ASSERT_TRUE(content && *content);
  EXPECT_EQ(as_text(std::get<RequestParser::Content>(**content).data), "12345");
  ASSERT_TRUE(parser.next(input));  // its end
  ASSERT_TRUE(parser.next(input));  // the head of the other
  const auto refused = parser.next(input);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Error::content_too_large);
}

TEST(RequestParser, ReplaysItsCorpus) {
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(DUPLEX_CORPUS "/request_parser_fuzz")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(file), {});
    check_request_parser(content);
    ++files;
  }
  EXPECT_GT(files, 10U);
}

}  // namespace
}  // namespace duplex::http1

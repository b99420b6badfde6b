#include "bench/opening.hpp"

#include <gtest/gtest.h>

#include <span>
#include <string>

namespace duplex::app::bench {
namespace {

/// What is said of a refusal with this content, as it comes with its head.
std::string refused_by(const std::string& content, const std::string& framing = {}) {
  const auto url = http::Url::parse("ws://example.com/echo");
  const OpeningRequest request(*url, {});
  http1::FieldTable fields;
  OpeningAnswer answer(request, websocket::HandshakeKey{}, fields);
  std::string text =
      "HTTP/1.1 403 Forbidden\r\n" +
      (framing.empty() ? "Content-Length: " + std::to_string(content.size()) : framing) +
      "\r\n\r\n" + content;
  Bytes input = std::as_writable_bytes(std::span(text));
  const auto opened = answer.read(input);
  if (opened) return "not refused";
  EXPECT_EQ(opened.error().kind, "handshake status 403");
  return opened.error().text;
}

TEST(OpeningAnswer, TellsTheFirstLineOfARefusal) {
  EXPECT_EQ(refused_by("Not from this origin.\nAsk somebody.\n"),
            "the server answered 403 Forbidden: Not from this origin.");
  EXPECT_EQ(refused_by("\r\n  why\r\n"), "the server answered 403 Forbidden: why");
  EXPECT_EQ(refused_by("3\r\nwhy\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
            "the server answered 403 Forbidden: why");
}

TEST(OpeningAnswer, SaysNoMoreThanTheStatusWhereThereIsNoLineForPeople) {
  for (const char* const content :
       {"", "\r\n\r\n", "<html>\r\n<head><title>403</title>", "  <!doctype html>"}) {
    EXPECT_EQ(refused_by(content), "the server answered 403 Forbidden") << content;
  }
  EXPECT_EQ(refused_by("zz\r\n", "Transfer-Encoding: chunked"),
            "the server answered 403 Forbidden");
}

TEST(OpeningAnswer, CutsALongLine) {
  const std::string text = refused_by(std::string(5000, 'x'));
  EXPECT_LT(text.size(), 200u);
  EXPECT_TRUE(text.ends_with("xxx"));
}

}  // namespace
}  // namespace duplex::app::bench

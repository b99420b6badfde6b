#include "wire_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <duplex/tls/certificate.hpp>

namespace duplex::app {
namespace {

using namespace std::chrono_literals;
using connection::CloseInfo;
using connection::FrameInfo;
using testing::HasSubstr;
using websocket::CloseCode;
using websocket::Opcode;

TEST(WireReport, MarksTheLinesOfAHead) {
  EXPECT_EQ(marked_lines("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "> "),
            "> GET / HTTP/1.1\n> Host: a\n");
  EXPECT_EQ(marked_lines("HTTP/1.1 200 \x1b[2J\r\n\r\n", "< "), "< HTTP/1.1 200 \\x1b[2J\n");
}

TEST(WireReport, DescribesFrames) {
  const auto frame = [](bool incoming, websocket::FrameHeader header) {
    return describe_frame(FrameInfo{.incoming = incoming, .header = header});
  };
  EXPECT_EQ(frame(false, {.opcode = Opcode::text, .fin = true, .masked = true, .payload_bytes = 5}),
            "frame out: text, FIN, 5 bytes, masked");
  EXPECT_EQ(frame(true, {.opcode = Opcode::binary, .fin = false, .rsv1 = true, .payload_bytes = 1}),
            "frame in:  binary, more follows, compressed (RSV1), 1 byte");
  for (const auto& [opcode, word] :
       {std::pair(Opcode::continuation, "continuation"), std::pair(Opcode::close, "close"),
        std::pair(Opcode::ping, "ping"), std::pair(Opcode::pong, "pong")}) {
    EXPECT_THAT(frame(true, {.opcode = opcode}), HasSubstr(word));
  }
}

TEST(WireReport, TellsHowLargeACompressedMessageWasOnTheWire) {
  MessageTally tally;
  const auto pass = [&](bool incoming, websocket::FrameHeader header) {
    tally.add(FrameInfo{.incoming = incoming, .header = header});
  };
  const std::string thousand(1000, 'x');
  const connection::Message message(Opcode::text, as_bytes(thousand));
  EXPECT_EQ(tally.describe(message), "");

  pass(true, {.opcode = Opcode::text, .fin = true, .rsv1 = true, .payload_bytes = 283});
  EXPECT_EQ(tally.describe(message), "message in:  text, 1000 bytes, 283 compressed");
  pass(true, {.opcode = Opcode::text, .fin = true, .payload_bytes = 1000});
  EXPECT_EQ(tally.describe(message), "") << "it went as it is";

  pass(false, {.opcode = Opcode::binary, .fin = false, .rsv1 = true, .payload_bytes = 70'000});
  pass(false, {.opcode = Opcode::ping, .fin = true, .payload_bytes = 9});
  pass(false, {.opcode = Opcode::continuation, .fin = false, .payload_bytes = 30'000});
  pass(false, {.opcode = Opcode::continuation, .fin = true, .payload_bytes = 1});
  const std::string one = "x";
  EXPECT_EQ(tally.describe({Opcode::binary, as_bytes(one)}),
            "message out: binary, 1 byte, 100001 compressed");
}

TEST(WireReport, DescribesTheCompressionThatWasAgreedOn) {
  EXPECT_EQ(describe_deflate(std::nullopt), "compression declined: messages go as they are");
  EXPECT_EQ(describe_deflate(websocket::DeflateParameters{.server_no_context_takeover = true,
                                                          .client_max_window_bits = 9}),
            "compression, ours:   a window of 512 bytes, kept from message to message\n"
            "compression, theirs: a window of 32768 bytes, each message begins anew");
  EXPECT_EQ(describe_deflate(websocket::DeflateParameters{.client_no_context_takeover = true}),
            "compression, ours:   a window of 32768 bytes, each message begins anew\n"
            "compression, theirs: a window of 32768 bytes, kept from message to message");
  EXPECT_THAT(describe_deflate(websocket::DeflateParameters{.client_max_window_bits = 8}),
              HasSubstr("ours:   none, the window is too small"));
}

TEST(WireReport, DescribesHowItEnded) {
  EXPECT_EQ(describe_close({CloseCode::normal, ""}), "closed: 1000 (normal)");
  EXPECT_EQ(describe_close({CloseCode::policy_violation, "too\nslow"}),
            "closed: 1008 (policy violation): too\\nslow");
  EXPECT_EQ(describe_close({CloseCode(4001), "own"}), "closed: 4001: own");
  EXPECT_EQ(describe_close({CloseCode::abnormal, ""}), "the connection was lost");
}

TEST(WireReport, DescribesEncryptionAndTheCertificate) {
  const tls::Certificate certificate = {
      .subject = "CN=example.com",
      .issuer = "CN=Authority",
      .serial = "1",
      .dns_names = {"example.com", "*.example.com"},
      .ip_addresses = {"192.0.2.1"},
      .emails = {},
      .uris = {},
      .not_before = std::chrono::sys_days(2026y / 1 / 2),
      .not_after = std::chrono::sys_days(2027y / 3 / 4) + 5h,
      .fingerprint = "AB:CD",
  };
  tls::SessionInfo session = {.protocol = "TLSv1.3",
                              .cipher = "TLS_AES_128_GCM_SHA256",
                              .application_protocol = "http/1.1",
                              .server_name = "example.com",
                              .resumed = true,
                              .peer_certificate = &certificate};
  EXPECT_EQ(describe_tls(session),
            "TLSv1.3, TLS_AES_128_GCM_SHA256, ALPN http/1.1, an earlier session resumed\n"
            "certificate of  CN=example.com\n"
            "  for           example.com, *.example.com, 192.0.2.1\n"
            "  issued by     CN=Authority\n"
            "  valid         2026-01-02 00:00:00 to 2027-03-04 05:00:00 UTC\n"
            "  SHA-256       AB:CD");
  session.peer_certificate = nullptr;
  session.application_protocol = "";
  EXPECT_THAT(describe_tls(session), HasSubstr("no ALPN"));
  EXPECT_THAT(describe_tls(session), HasSubstr("no certificate"));
}

}  // namespace
}  // namespace duplex::app

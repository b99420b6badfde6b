#include "wire_report.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "compress_options.hpp"
#include "printable.hpp"

namespace duplex::app {
namespace {

using websocket::CloseCode;
using websocket::Opcode;

std::string_view name(Opcode opcode) noexcept {
  switch (opcode) {
    case Opcode::continuation: return "continuation";
    case Opcode::text: return "text";
    case Opcode::binary: return "binary";
    case Opcode::close: return "close";
    case Opcode::ping: return "ping";
    case Opcode::pong: return "pong";
  }
  return "unknown";
}

/// IANA's words for a code; empty for one that it has none for.
std::string_view meaning(CloseCode code) noexcept {
  switch (code) {
    case CloseCode::normal: return "normal";
    case CloseCode::going_away: return "going away";
    case CloseCode::protocol_error: return "protocol error";
    case CloseCode::unsupported_data: return "unsupported data";
    case CloseCode::no_status: return "no code";
    case CloseCode::abnormal: return "no goodbye";
    case CloseCode::invalid_payload: return "invalid payload";
    case CloseCode::policy_violation: return "policy violation";
    case CloseCode::message_too_big: return "message too big";
    case CloseCode::mandatory_extension: return "mandatory extension";
    case CloseCode::internal_error: return "internal error";
    case CloseCode::service_restart: return "service restart";
    case CloseCode::try_again_later: return "try again later";
    case CloseCode::bad_gateway: return "bad gateway";
    case CloseCode::tls_handshake: return "TLS handshake";
  }
  return "";
}

std::string_view arrow(bool incoming) noexcept {
  return incoming ? "in: " : "out:";
}

std::string count_bytes(std::uint64_t bytes) {
  return fmt::format("{} {}", bytes, bytes == 1 ? "byte" : "bytes");
}

std::string describe_window(unsigned bits, bool begins_anew) {
  return fmt::format("a window of {} bytes, {}", 1U << bits, describe_takeover(!begins_anew));
}

}  // namespace

std::string marked_lines(std::string_view text, std::string_view mark) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) result += fmt::format("{}{}\n", mark, printable(line));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return result;
}

std::string describe_tls(const tls::SessionInfo& session) {
  std::string text =
      fmt::format("{}, {}{}{}", session.protocol, session.cipher,
                  session.application_protocol.empty()
                      ? ", no ALPN"
                      : fmt::format(", ALPN {}", printable(session.application_protocol)),
                  session.resumed ? ", an earlier session resumed" : "");
  const tls::Certificate* const certificate = session.peer_certificate;
  if (certificate == nullptr) return text + "\nthe server has shown no certificate";
  std::vector<std::string> names = certificate->dns_names;
  names.insert(names.end(), certificate->ip_addresses.begin(), certificate->ip_addresses.end());
  text += fmt::format("\ncertificate of  {}\n  for           {}\n  issued by     {}",
                      printable(certificate->subject),
                      printable(fmt::format("{}", fmt::join(names, ", "))),
                      printable(certificate->issuer));
  text += fmt::format("\n  valid         {:%F %T} to {:%F %T} UTC\n  SHA-256       {}",
                      certificate->not_before, certificate->not_after, certificate->fingerprint);
  return text;
}

std::string describe_frame(const connection::FrameInfo& frame) {
  const websocket::FrameHeader& header = frame.header;
  return fmt::format("frame {} {}{}{}, {}{}", arrow(frame.incoming), name(header.opcode),
                     header.fin ? ", FIN" : ", more follows",
                     header.rsv1 ? ", compressed (RSV1)" : "", count_bytes(header.payload_bytes),
                     header.masked ? ", masked" : "");
}

std::string describe_deflate(const std::optional<websocket::DeflateParameters>& agreed) {
  if (!agreed) return "compression declined: messages go as they are";
  return fmt::format(
      "compression, ours:   {}\ncompression, theirs: {}",
      agreed->client_max_window_bits < websocket::compressor_window_bits_min
          ? "none, the window is too small"
          : describe_window(agreed->client_max_window_bits, agreed->client_no_context_takeover),
      describe_window(agreed->server_max_window_bits, agreed->server_no_context_takeover));
}

void MessageTally::add(const connection::FrameInfo& frame) noexcept {
  const websocket::FrameHeader& header = frame.header;
  if (header.opcode == Opcode::text || header.opcode == Opcode::binary) {
    incoming_ = frame.incoming;
    compressed_ = header.rsv1;
    payload_bytes_ = header.payload_bytes;
  } else if (header.opcode == Opcode::continuation) {
    payload_bytes_ += header.payload_bytes;
  }
}

std::string MessageTally::describe(const connection::Message& message) const {
  if (!compressed_) return {};
  return fmt::format("message {} {}, {}, {} compressed", arrow(incoming_), name(message.opcode()),
                     count_bytes(message.bytes().size()), payload_bytes_);
}

std::string describe_close(const connection::CloseInfo& close) {
  std::string text = close.code == CloseCode::abnormal
                         ? "the connection was lost"
                         : fmt::format("closed: {}", number(close.code));
  if (close.code != CloseCode::abnormal && !meaning(close.code).empty()) {
    text += fmt::format(" ({})", meaning(close.code));
  }
  if (!close.reason.empty()) text += fmt::format(": {}", printable(close.reason));
  return text;
}

}  // namespace duplex::app

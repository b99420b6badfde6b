#include "wire_report.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

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
  return fmt::format(
      "frame {} {}{}{}, {} {}{}", frame.incoming ? "in: " : "out:", name(header.opcode),
      header.fin ? ", FIN" : ", more follows", header.rsv1 ? ", RSV1" : "", header.payload_bytes,
      header.payload_bytes == 1 ? "byte" : "bytes", header.masked ? ", masked" : "");
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

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/websocket/transcript.hpp"
#include <duplex/base/byte_queue.hpp>
#include <duplex/websocket/client_handshake.hpp>
#include <duplex/websocket/handshake.hpp>

namespace duplex::websocket {

/// A response's head, read from any bytes without a single check: lines end with LF or CR LF, the
/// version and the status stand where they should, values keep their blanks.
class LooseResponse {
 public:
  explicit LooseResponse(std::string_view text) {
    const std::string_view status_line = take_line(text);
    head_.version =
        status_line.starts_with("HTTP/1.1") ? http::Version::http_1_1 : http::Version::http_1_0;
    unsigned status = 0;
    for (std::size_t i = 9; i < std::min<std::size_t>(status_line.size(), 12); ++i) {
      status = status * 10 + (static_cast<unsigned char>(status_line[i]) - '0') % 10U;
    }
    head_.status = static_cast<http::Status>(status);
    while (!text.empty()) {
      const std::string_view line = take_line(text);
      if (line.empty()) break;
      const std::size_t colon = std::min(line.find(':'), line.size());
      lines_.push_back({line.substr(0, colon), line.substr(std::min(colon + 1, line.size()))});
    }
    head_.fields = http::FieldsView(lines_);
  }
  LooseResponse(const LooseResponse&) = delete;
  LooseResponse& operator=(const LooseResponse&) = delete;
  ~LooseResponse() = default;

  const http::ResponseHead& head() const { return head_; }

 private:
  static std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  std::vector<http::FieldView> lines_;
  http::ResponseHead head_;
};

/// RFC 6455 section 4.1 once more, slowly and with nothing of ours: for each rule whether the
/// answer breaks it, for the key of section 1.3.
class NaiveAnswerCheck {
 public:
  NaiveAnswerCheck(const http::ResponseHead& head, const std::vector<std::string>& offered) {
    using enum ClientHandshakeError;
    for (const auto& [name, value] : head.fields) fields_.emplace_back(lower(name), bare(value));
    const auto upgrade = values("upgrade");
    const auto accept = values("sec-websocket-accept");
    const auto protocol = values("sec-websocket-protocol");
    broken(not_switching_protocols) = static_cast<int>(head.status) != 101;
    broken(not_http_1_1) = head.version != http::Version::http_1_1;
    broken(not_one_upgrade) = upgrade.size() != 1;
    broken(upgrade_not_websocket) = upgrade.size() == 1 && lower(upgrade[0]) != "websocket";
    broken(no_connection_upgrade) = true;
    for (const std::string& list : values("connection")) {
      for (const std::string& token : split(list)) {
        if (lower(token) == "upgrade") broken(no_connection_upgrade) = false;
      }
    }
    broken(not_one_accept) = accept.size() != 1;
    broken(wrong_accept) = accept.size() == 1 && accept[0] != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    for (const std::string& list : values("sec-websocket-extensions")) {
      if (list.find_first_not_of(" \t,") != std::string::npos) broken(extension_not_offered) = true;
    }
    broken(repeated_subprotocol) = protocol.size() > 1;
    broken(subprotocol_not_offered) =
        protocol.size() == 1 && std::count(offered.begin(), offered.end(), protocol[0]) == 0;
    if (protocol.size() == 1) subprotocol_ = protocol[0];
  }

  /// The first rule that is broken, in the order of the enumerators; their count when none is.
  std::size_t first_broken() const {
    return static_cast<std::size_t>(std::find(broken_.begin(), broken_.end(), true) -
                                    broken_.begin());
  }
  const std::string& subprotocol() const { return subprotocol_; }

 private:
  bool& broken(ClientHandshakeError error) { return broken_[static_cast<std::size_t>(error)]; }

  static std::string lower(std::string_view text) {
    std::string result;
    for (const char each : text) {
      result += each >= 'A' && each <= 'Z' ? static_cast<char>(each | 0x20) : each;
    }
    return result;
  }

  static std::string bare(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
  }

  /// At the commas that are not inside of a quoted string.
  static std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> elements(1);
    bool quoted = false;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (list[i] == ',' && !quoted) {
        elements.emplace_back();
        continue;
      }
      if (list[i] == '"') quoted = !quoted;
      elements.back() += list[i];
      if (quoted && list[i] == '\\' && i + 1 < list.size()) elements.back() += list[++i];
    }
    for (std::string& element : elements) element = bare(element);
    return elements;
  }

  std::vector<std::string> values(std::string_view name) const {
    std::vector<std::string> result;
    for (const auto& [each, value] : fields_) {
      if (each == name) result.push_back(value);
    }
    return result;
  }

  std::vector<std::pair<std::string, std::string>> fields_;
  std::array<bool, client_handshake_error_count> broken_{};
  std::string subprotocol_;
};

inline HandshakeOffer offer_of(unsigned choice) {
  switch (choice % 4) {
    case 0: return {};
    case 1: return {.subprotocols = {"chat"}};
    case 2: return {.subprotocols = {"chat", "superchat"}, .origin = "http://example.com"};
    default: return {.subprotocols = {"Chat", "chat"}};
  }
}

/// The answer of our own server to a request with `key` is accepted for this key, and for no other.
inline void check_own_answer(const HandshakeOffer& offer, std::array<std::byte, 16> nonce) {
  using transcript::require;
  const HandshakeKey key = handshake_key(nonce);
  const http::Fields fields = handshake_fields(offer, key);
  std::vector<http::FieldView> lines{{"Host", "example.com"}};
  for (const auto [name, value] : fields) lines.push_back({name, value});
  http::RequestHead request;
  request.authority = "example.com";
  request.fields = http::FieldsView(lines);
  const auto checked = check_handshake(request);
  require(checked.has_value());
  require(checked->key == std::string_view(key.data(), key.size()));

  const std::vector<std::string> supported = {"superchat", "chat"};
  const auto chosen = choose_subprotocol(request, supported);
  ByteQueue answer;
  write_switching_protocols({.key = checked->key, .subprotocol = chosen}, {}, answer);
  const LooseResponse response(as_text(answer.content()));
  const auto opened = check_answer(response.head(), offer, key);
  require(opened.has_value());
  require(opened->subprotocol == chosen);

  nonce[0] ^= std::byte{1};
  const auto other = check_answer(response.head(), offer, handshake_key(nonce));
  require(!other && other.error().error == ClientHandshakeError::wrong_accept);
}

/// The first byte says what was offered, the others are the answer to a request with the key of RFC
/// 6455 section 1.3. It is accepted when all rules hold, and only then; else the first rule that is
/// broken is named.
inline void check_client_handshake(ConstBytes data) {
  using transcript::require;
  if (data.empty()) return;
  constexpr std::string_view nonce = "the sample nonce";
  const HandshakeKey key = handshake_key(as_bytes(nonce).first<16>());
  const HandshakeOffer offer = offer_of(std::to_integer<unsigned>(data[0]));
  const LooseResponse response(as_text(data.subspan(1)));
  const NaiveAnswerCheck naive(response.head(), offer.subprotocols);
  const auto answer = check_answer(response.head(), offer, key);
  if (answer) {
    require(naive.first_broken() == client_handshake_error_count);
    require(answer->subprotocol.value_or("") == naive.subprotocol());
  } else {
    // Nothing is offered, so that any extension is one too many; extensions_properties.hpp tells
    // those apart that can't even be read.
    ClientHandshakeError error = answer.error().error;
    if (error == ClientHandshakeError::malformed_extensions) {
      error = ClientHandshakeError::extension_not_offered;
    }
    require(naive.first_broken() == static_cast<std::size_t>(error));
    require(answer.error().status == response.head().status);
    require(!describe(answer.error()).empty());
  }

  std::array<std::byte, 16> random{};
  std::copy_n(data.begin(), std::min(data.size(), random.size()), random.begin());
  check_own_answer(offer, random);
}

}  // namespace duplex::websocket

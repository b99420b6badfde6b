#include "http_head.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "printable.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/base/base64.hpp>
#include <duplex/base/bytes.hpp>

namespace duplex::app::check {
namespace {

/// Of a head; what comes without an end is none.
constexpr std::size_t head_bytes_max = std::size_t{64} * 1024;

/// RFC 6455 section 1.3.
constexpr std::string_view accept_suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

bool is_token_character(char character) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";  // RFC 9110 section 5.6.2
  return (character >= '0' && character <= '9') ||
         (to_lower(character) >= 'a' && to_lower(character) <= 'z') ||
         others.find(character) != std::string_view::npos;
}

[[noreturn]] void refuse(std::string_view what, std::string_view line) {
  throw std::invalid_argument(fmt::format("{}: \"{}\"", what, printable(line.substr(0, 100))));
}

HttpHead::Field parse_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) refuse("a line of the head has no colon", line);
  const std::string_view name = line.substr(0, colon);
  if (name.empty() || !std::ranges::all_of(name, is_token_character)) {
    refuse("a field's name has characters that it can't have", line);
  }
  return {std::string(name), std::string(trim(line.substr(colon + 1)))};
}

/// The bytes that base64 of whole groups with padding stands for; nullopt when it is not that.
std::optional<std::size_t> base64_size(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::string_view digits = text.substr(0, text.size() - padding);
  const bool valid = std::ranges::all_of(digits, [](char digit) {
    return (digit >= '0' && digit <= '9') || (to_lower(digit) >= 'a' && to_lower(digit) <= 'z') ||
           digit == '+' || digit == '/';
  });
  if (!valid) return std::nullopt;
  return text.size() / 4 * 3 - padding;
}

}  // namespace

std::optional<std::string_view> HttpHead::find(std::string_view name) const noexcept {
  for (const Field& field : fields) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::size_t HttpHead::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(
      fields, [name](const Field& field) { return equals_ignoring_case(field.name, name); }));
}

std::string HttpHead::list(std::string_view name) const {
  std::string all;
  for (const Field& field : fields) {
    if (!equals_ignoring_case(field.name, name)) continue;
    if (!all.empty()) all += ", ";
    all += field.value;
  }
  return all;
}

HttpHead& HttpHead::add(std::string name, std::string value) {
  fields.push_back({std::move(name), std::move(value)});
  return *this;
}

HttpHead& HttpHead::set(std::string_view name, std::string value) {
  for (Field& field : fields) {
    if (!equals_ignoring_case(field.name, name)) continue;
    field.value = std::move(value);
    return *this;
  }
  return add(std::string(name), std::move(value));
}

HttpHead& HttpHead::rename(std::string_view name, std::string_view other) {
  for (Field& field : fields) {
    if (equals_ignoring_case(field.name, name)) field.name = other;
  }
  return *this;
}

HttpHead& HttpHead::remove(std::string_view name) {
  std::erase_if(fields,
                [name](const Field& field) { return equals_ignoring_case(field.name, name); });
  return *this;
}

int HttpHead::status() const noexcept {
  int status = 0;
  if (start_line.starts_with("HTTP/") && start_line.size() >= 12) {
    std::from_chars(start_line.data() + 9, start_line.data() + 12, status);
  }
  return status;
}

std::string_view HttpHead::target() const noexcept {
  const std::string_view line = start_line;
  const std::size_t begin = line.find(' ');
  if (begin == std::string_view::npos) return {};
  const std::string_view rest = line.substr(begin + 1);
  return rest.substr(0, rest.find(' '));
}

std::string HttpHead::text() const {
  std::string text = start_line + "\r\n";
  for (const Field& field : fields) text += field.name + ": " + field.value + "\r\n";
  return text + "\r\n";
}

std::optional<HttpHead> take_head(std::string_view& bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (bytes.size() > head_bytes_max) refuse("a head without an end", bytes);
    return std::nullopt;
  }
  HttpHead head;
  std::string_view rest = bytes.substr(0, end + 2);
  for (bool first = true; !rest.empty(); first = false) {
    const std::size_t size = rest.find("\r\n");
    const std::string_view line = rest.substr(0, size);
    rest.remove_prefix(size + 2);
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
      refuse("a line of the head has a control character", line);
    }
    if (first) {
      head.start_line = line;
    } else {
      head.fields.push_back(parse_field(line));
    }
  }
  bytes.remove_prefix(end + 4);
  return head;
}

std::string accept_key(std::string_view key) {
  const std::string text = std::string(key).append(accept_suffix);
  std::array<std::byte, 20> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 EVP_sha1(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL has no SHA-1");
  }
  return encode_base64(digest);
}

std::string what_is_wrong_with_response(const HttpHead& response, std::string_view key) {
  if (!response.start_line.starts_with("HTTP/1.1 ") || response.status() == 0) {
    return fmt::format("the response begins with \"{}\"", printable(response.start_line));
  }
  if (response.status() != 101) {
    return fmt::format("the server answered {} instead of 101",
                       printable(response.start_line.substr(9)));
  }
  if (!equals_ignoring_case(response.find("Upgrade").value_or(""), "websocket")) {
    return "the 101 has no \"Upgrade: websocket\"";
  }
  if (!list_contains(response.list("Connection"), "upgrade")) {
    return "the 101 has no \"Connection: Upgrade\"";
  }
  if (response.count("Sec-WebSocket-Accept") != 1) {
    return fmt::format("the 101 has {} fields Sec-WebSocket-Accept",
                       response.count("Sec-WebSocket-Accept"));
  }
  const std::string expected = accept_key(key);
  const std::string_view accept = response.find("Sec-WebSocket-Accept").value_or("");
  if (accept != expected) {
    return fmt::format("Sec-WebSocket-Accept is \"{}\" instead of \"{}\"", printable(accept),
                       expected);
  }
  return {};
}

std::string what_is_wrong_with_request(const HttpHead& request) {
  const std::string_view line = request.start_line;
  if (!line.starts_with("GET ")) return "the method is not GET";
  if (!line.ends_with(" HTTP/1.1")) return "the version is not HTTP/1.1";
  if (request.target().empty()) return "there is no request target";
  if (request.count("Host") != 1) {
    return fmt::format("there are {} fields Host", request.count("Host"));
  }
  if (!list_contains(request.list("Upgrade"), "websocket")) return "no \"Upgrade: websocket\"";
  if (!list_contains(request.list("Connection"), "upgrade")) return "no \"Connection: Upgrade\"";
  if (request.count("Sec-WebSocket-Key") != 1) {
    return fmt::format("there are {} fields Sec-WebSocket-Key", request.count("Sec-WebSocket-Key"));
  }
  const std::string_view key = request.find("Sec-WebSocket-Key").value_or("");
  if (base64_size(key) != 16) {
    return fmt::format("Sec-WebSocket-Key is \"{}\", which is not 16 bytes in base64",
                       printable(key));
  }
  if (request.list("Sec-WebSocket-Version") != "13") {
    return fmt::format("Sec-WebSocket-Version is \"{}\" instead of \"13\"",
                       printable(request.list("Sec-WebSocket-Version")));
  }
  return {};
}

}  // namespace duplex::app::check

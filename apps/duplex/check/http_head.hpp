#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace duplex::app::check {

/// The head of a request or a response: what is sent, right or wrong, and what has come. Everything
/// is written exactly as it stands here.
struct HttpHead {
  struct Field {
    std::string name;
    std::string value;
  };

  /// Without its line end: `GET /echo HTTP/1.1`, `HTTP/1.1 101 Switching Protocols`.
  std::string start_line;
  std::vector<Field> fields;

  /// The value of the first field of that name, in any case; nullopt without one.
  std::optional<std::string_view> find(std::string_view name) const noexcept;
  std::size_t count(std::string_view name) const noexcept;
  /// All values of that name as one list, with commas between them (RFC 9110 section 5.3); empty
  /// when there is none.
  std::string list(std::string_view name) const;

  /// Adds a field behind all others.
  HttpHead& add(std::string name, std::string value);
  /// Replaces the value of the first field of that name, or adds the field.
  HttpHead& set(std::string_view name, std::string value);
  /// Writes the name of all such fields otherwise: misspelt, or in another case.
  HttpHead& rename(std::string_view name, std::string_view other);
  HttpHead& remove(std::string_view name);

  /// Of a response; 0 when the start line is none of a response.
  int status() const noexcept;
  /// Of a request: the second word of the start line.
  std::string_view target() const noexcept;

  /// With all line ends, and the empty line.
  std::string text() const;
};

/// Takes a head off the front of `bytes`, with the empty line; nullopt while it is incomplete.
/// Strict about what RFC 9112 demands: throws std::invalid_argument with a sentence that says what
/// is wrong with it.
std::optional<HttpHead> take_head(std::string_view& bytes);

/// What a server answers to this Sec-WebSocket-Key (RFC 6455 section 4.2.2).
std::string accept_key(std::string_view key);

/// What is wrong with `response` to a request with `key`; empty when it opens the WebSocket (RFC
/// 6455 section 4.1). Extensions and subprotocols are not looked at.
std::string what_is_wrong_with_response(const HttpHead& response, std::string_view key);

/// What is wrong with `request`; empty when it asks for a WebSocket as it should (RFC 6455
/// section 4.2.1).
std::string what_is_wrong_with_request(const HttpHead& request);

}  // namespace duplex::app::check

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire.hpp"
#include <duplex/base/bytes.hpp>
#include <duplex/http/method.hpp>
#include <duplex/http1/field_table.hpp>

namespace duplex::app::bench {

/// A response's head that was read before, by all connections of a thread: most heads are the same,
/// byte by byte, until the date changes.
struct KnownHead {
  /// Empty: none.
  std::string text;
  unsigned status = 0;
  std::uint64_t content_bytes = 0;
  bool closes = false;
};

/// Responses that came one behind the other, all with the same status.
struct Answers {
  unsigned status = 0;
  std::uint64_t count = 0;
  /// Of their content.
  std::uint64_t bytes = 0;
};

/// What the connections of a thread read responses with.
struct ResponseRules {
  http::Method method = http::Method::get;
  KnownHead known;
  http1::FieldTable fields;
  /// What was said to those that were refused, by their status: a line each, see `refusal_line`.
  std::map<unsigned, std::string> refusals = {};
};

/// Reads the responses of one connection. A head that is known is compared, and its content
/// counted; any other goes through the library's parser, which checks it, and is known from then
/// on.
class ResponseReader {
 public:
  ResponseReader();
  ~ResponseReader();
  ResponseReader(ResponseReader&&) noexcept;
  ResponseReader& operator=(ResponseReader&&) noexcept;

  /// A new connection.
  void begin() noexcept;

  /// Takes all of `input`, and appends what was completed to `answers`. A fault: the server broke
  /// HTTP, and nothing more can be read.
  std::optional<Fault> read(ResponseRules& rules, Bytes input, std::vector<Answers>& answers);
  /// The server sends no more, which completes some responses. A fault: one is cut off.
  std::optional<Fault> end(std::vector<Answers>& answers);

  /// Whether the server has announced that nothing comes behind the response that is the last one.
  bool closes() const noexcept { return closes_; }

 private:
  struct Parsing;

  bool take_known(const KnownHead& known, Bytes& input) noexcept;
  std::optional<Fault> parse(ResponseRules& rules, Bytes& input, std::vector<Answers>& answers);

  /// Of a response with a known head.
  std::uint64_t content_left_ = 0;
  std::uint64_t content_bytes_ = 0;
  unsigned status_ = 0;
  bool in_content_ = false;
  bool closes_ = false;
  /// While a response is read that was not known.
  std::unique_ptr<Parsing> parsing_;
};

}  // namespace duplex::app::bench

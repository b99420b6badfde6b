#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/http1/property_support.hpp"
#include <duplex/http1/request_parser.hpp>

/// What must hold for every input of the request parser; shared by the fuzz target, which looks
/// for inputs, and the tests, which replay its corpus and feed their own cases through it.
namespace duplex::http1 {

/// What a parser said about a stream, in a form that does not depend on how the stream was cut:
/// pieces of content that follow each other are one.
struct Transcript {
  struct Request {
    http::Method method = http::Method::get;
    http::Version version = http::Version::http_1_1;
    std::string target, path, query, authority, raw;
    std::vector<std::pair<std::string, std::string>> fields;
    bool chunked = false;
    std::uint64_t content_length = 0;
    std::string content;
    bool ended = false;
    std::vector<std::pair<std::string, std::string>> trailers;

    friend bool operator==(const Request&, const Request&) = default;
  };

  std::vector<Request> requests;
  std::optional<Error> error;
  /// Bytes that the parser has consumed. After an error it depends on the cut, and is left zero.
  std::size_t consumed = 0;
  bool idle = true;

  friend bool operator==(const Transcript&, const Transcript&) = default;
};

/// Feeds one parser a stream in pieces, as a connection does: what was not consumed is presented
/// again with the next piece behind it, in another place each time and in a block that ends where
/// the input ends, so that a read beyond it or a pointer kept too long is seen by a sanitizer.
class Feeder {
 public:
  explicit Feeder(const Limits& limits) : parser_(limits, table_) {}

  void feed(std::string_view piece) {
    if (transcript_.error) return;
    pending_.append(piece);
    const std::size_t size = pending_.size();
    const auto block = std::make_unique<std::byte[]>(size);
    std::memcpy(block.get(), pending_.data(), size);
    Bytes input(block.get(), size);
    for (;;) {
      const std::size_t before = input.size();
      const auto event = parser_.next(input);
      require(input.size() <= before && input.data() + input.size() == block.get() + size);
      if (!event) {
        transcript_.error = event.error();
        const std::size_t left = input.size();
        const auto again = parser_.next(input);
        require(!again && again.error() == *transcript_.error && input.size() == left);
        return;
      }
      if (!*event) break;
      // Progress: only an end may come without input.
      const bool end = std::holds_alternative<RequestParser::End>(**event);
      require(end || input.size() < before);
      note(**event);
    }
    pending_.erase(0, size - input.size());
    consumed_ += size - input.size();
    // Nobody else's parser may disturb this one through the table.
    table_.clear();
  }

  Transcript take() {
    transcript_.consumed = transcript_.error ? 0 : consumed_;
    transcript_.idle = parser_.idle();
    return std::move(transcript_);
  }

 private:
  void note(const RequestParser::Event& event) {
    auto& requests = transcript_.requests;
    if (const auto* head = std::get_if<RequestParser::Head>(&event)) {
      require(requests.empty() || requests.back().ended);
      requests.push_back({.method = head->head.method,
                          .version = head->head.version,
                          .target = std::string(head->head.target),
                          .path = std::string(head->head.path),
                          .query = std::string(head->head.query),
                          .authority = std::string(head->head.authority),
                          .raw = std::string(head->head.raw),
                          .fields = owned(head->head.fields),
                          .chunked = head->framing.chunked,
                          .content_length = head->framing.content_length,
                          .content = {},
                          .trailers = {}});
    } else if (const auto* content = std::get_if<RequestParser::Content>(&event)) {
      require(!requests.empty() && !requests.back().ended && !content->data.empty());
      requests.back().content.append(as_text(content->data));
    } else {
      require(!requests.empty() && !requests.back().ended);
      requests.back().ended = true;
      requests.back().trailers = owned(std::get<RequestParser::End>(event).trailers);
    }
  }

  FieldTable table_;
  RequestParser parser_;
  Transcript transcript_;
  std::string pending_;
  std::size_t consumed_ = 0;
};

/// `stream` in pieces of at most `piece_bytes`.
inline Transcript parse_in_pieces(std::string_view stream, std::size_t piece_bytes,
                                  const Limits& limits) {
  Feeder feeder(limits);
  while (!stream.empty()) {
    const std::size_t size = std::min(piece_bytes, stream.size());
    feeder.feed(stream.substr(0, size));
    stream.remove_prefix(size);
  }
  return feeder.take();
}

inline Transcript parse_whole(std::string_view stream, const Limits& limits) {
  Feeder feeder(limits);
  feeder.feed(stream);
  return feeder.take();
}

inline Transcript parse_in_two(std::string_view stream, std::size_t cut, const Limits& limits) {
  Feeder feeder(limits);
  feeder.feed(stream.substr(0, cut));
  feeder.feed(stream.substr(cut));
  return feeder.take();
}

/// What every transcript obeys, whatever the stream.
inline void check_transcript(const Transcript& transcript, const Limits& limits) {
  for (const Transcript::Request& request : transcript.requests) {
    require(request.raw.size() <= limits.head_bytes_max);
    require(request.raw.ends_with("\r\n\r\n"));
    require(request.fields.size() <= limits.field_count_max);
    require(request.trailers.size() <= limits.field_count_max);
    require(request.target.size() <= limits.target_bytes_max);
    require(request.path == "*" || request.path.starts_with('/'));
    require(request.version == http::Version::http_1_0 || !request.authority.empty());
    require(!request.chunked || request.content_length == 0);
    require(request.content.size() <= limits.body_bytes_max);
    if (request.ended && !request.chunked)
      require(request.content.size() == request.content_length);
  }
}

/// Small limits, so that short inputs reach them.
inline Limits fuzz_limits() {
  return {.head_bytes_max = 400,
          .field_count_max = 8,
          .target_bytes_max = 100,
          .body_bytes_max = 300,
          .chunk_extension_bytes_max = 30,
          .drain_bytes_max = 0};
}

/// The first byte chooses where the rest, a stream, is cut in two.
inline void check_request_parser(std::string_view input) {
  if (input.empty()) return;
  const Limits limits = fuzz_limits();
  const auto chosen = static_cast<unsigned char>(input.front());
  const std::string_view stream = input.substr(1);

  const Transcript whole = parse_whole(stream, limits);
  check_transcript(whole, limits);
  require(parse_in_pieces(stream, 1, limits) == whole);
  require(parse_in_two(stream, stream.size() * chosen / 256, limits) == whole);
}

}  // namespace duplex::http1

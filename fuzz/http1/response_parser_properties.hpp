#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/http1/property_support.hpp"
#include <duplex/http1/response_parser.hpp>

/// What must hold for every input of the response parser; shared by the fuzz target, which looks
/// for inputs, and the tests, which replay its corpus and feed their own cases through it.
namespace duplex::http1 {

/// What a parser said about a stream and its end, in a form that does not depend on how the stream
/// was cut: pieces of content that follow each other are one.
struct ResponseTranscript {
  struct Response {
    http::Version version = http::Version::http_1_1;
    http::Status status{};
    std::string reason, raw;
    std::vector<std::pair<std::string, std::string>> fields;
    bool interim = false;
    AnsweredRequest answers;
    ResponseFraming framing;
    std::string content;
    bool ended = false;
    std::vector<std::pair<std::string, std::string>> trailers;

    friend bool operator==(const Response& left, const Response& right) {
      return left.version == right.version && left.status == right.status &&
             left.reason == right.reason && left.raw == right.raw && left.fields == right.fields &&
             left.interim == right.interim && left.framing.framing == right.framing.framing &&
             left.framing.content_length == right.framing.content_length &&
             left.framing.switches_protocol == right.framing.switches_protocol &&
             left.content == right.content && left.ended == right.ended &&
             left.trailers == right.trailers;
    }
  };

  std::vector<Response> responses;
  std::optional<Error> error;
  /// What the end of the stream was, when no error came before it.
  std::optional<Error> error_at_end;
  /// Bytes that the parser has consumed. After an error it depends on the cut, and is left zero.
  std::size_t consumed = 0;
  bool idle = true;
  bool switched = false;

  friend bool operator==(const ResponseTranscript&, const ResponseTranscript&) = default;
};

/// Feeds one parser a stream in pieces, as a connection does; see `Feeder`. It answers `requests`,
/// and no more.
class ResponseFeeder {
 public:
  ResponseFeeder(std::span<const AnsweredRequest> requests, const ResponseLimits& limits)
      : parser_(limits, table_), requests_(requests) {
    expect_next();
  }

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
        const auto at_end = parser_.end_of_input();
        require(!at_end && at_end.error() == *transcript_.error);
        return;
      }
      if (!*event) break;
      // Progress: only an end may come without input.
      const bool end = std::holds_alternative<ResponseParser::End>(**event);
      require(end || input.size() < before);
      note(**event);
    }
    pending_.erase(0, size - input.size());
    consumed_ += size - input.size();
    // Nobody else's parser may disturb this one through the table.
    table_.clear();
  }

  /// Ends the stream.
  ResponseTranscript take() {
    transcript_.consumed = transcript_.error ? 0 : consumed_;
    transcript_.idle = parser_.idle();
    transcript_.switched = parser_.switched();
    if (!transcript_.error) {
      const auto event = parser_.end_of_input();
      if (!event) {
        transcript_.error_at_end = event.error();
      } else if (*event) {
        require(std::holds_alternative<ResponseParser::End>(**event));
        note(**event);
      } else {
        require(transcript_.idle || transcript_.switched);
      }
    }
    return std::move(transcript_);
  }

 private:
  void expect_next() {
    if (next_ < requests_.size()) parser_.expect(requests_[next_++]);
  }

  ResponseTranscript::Response& begin(const http::ResponseHead& head) {
    auto& responses = transcript_.responses;
    require(responses.empty() || responses.back().interim || responses.back().ended);
    responses.push_back({.version = head.version,
                         .status = head.status,
                         .reason = std::string(head.reason),
                         .raw = std::string(head.raw),
                         .fields = owned(head.fields),
                         .answers = requests_[next_ - 1],
                         .framing = {},
                         .content = {},
                         .trailers = {}});
    return responses.back();
  }

  void note(const ResponseParser::Event& event) {
    auto& responses = transcript_.responses;
    if (const auto* interim = std::get_if<ResponseParser::Interim>(&event)) {
      begin(interim->head).interim = true;
    } else if (const auto* head = std::get_if<ResponseParser::Head>(&event)) {
      begin(head->head).framing = head->framing;
    } else if (const auto* content = std::get_if<ResponseParser::Content>(&event)) {
      require(!responses.empty() && !responses.back().ended && !content->data.empty());
      responses.back().content.append(as_text(content->data));
    } else {
      require(!responses.empty() && !responses.back().ended && !responses.back().interim);
      responses.back().ended = true;
      responses.back().trailers = owned(std::get<ResponseParser::End>(event).trailers);
      require(parser_.idle());
      expect_next();
    }
  }

  FieldTable table_;
  ResponseParser parser_;
  std::span<const AnsweredRequest> requests_;
  std::size_t next_ = 0;
  ResponseTranscript transcript_;
  std::string pending_;
  std::size_t consumed_ = 0;
};

/// `stream` in pieces of at most `piece_bytes`.
inline ResponseTranscript read_in_pieces(std::string_view stream, std::size_t piece_bytes,
                                         std::span<const AnsweredRequest> requests,
                                         const ResponseLimits& limits) {
  ResponseFeeder feeder(requests, limits);
  while (!stream.empty()) {
    const std::size_t size = std::min(piece_bytes, stream.size());
    feeder.feed(stream.substr(0, size));
    stream.remove_prefix(size);
  }
  return feeder.take();
}

inline ResponseTranscript read_whole(std::string_view stream,
                                     std::span<const AnsweredRequest> requests,
                                     const ResponseLimits& limits) {
  ResponseFeeder feeder(requests, limits);
  feeder.feed(stream);
  return feeder.take();
}

inline ResponseTranscript read_in_two(std::string_view stream, std::size_t cut,
                                      std::span<const AnsweredRequest> requests,
                                      const ResponseLimits& limits) {
  ResponseFeeder feeder(requests, limits);
  feeder.feed(stream.substr(0, cut));
  feeder.feed(stream.substr(cut));
  return feeder.take();
}

/// What every transcript obeys, whatever the stream.
inline void check_transcript(const ResponseTranscript& transcript, const ResponseLimits& limits) {
  std::size_t interim_count = 0;
  for (const ResponseTranscript::Response& response : transcript.responses) {
    const std::uint16_t code = http::code(response.status);
    require(code >= 100 && code <= 599);
    require(response.raw.size() <= limits.head_bytes_max);
    require(response.raw.starts_with("HTTP/1.") && response.raw.ends_with("\r\n\r\n"));
    require(response.fields.size() <= limits.field_count_max);
    require(response.trailers.size() <= limits.field_count_max);
    require(response.content.size() <= limits.body_bytes_max);
    if (response.interim) {
      require(code < 200 && code != 101 && ++interim_count <= limits.interim_count_max);
      continue;
    }
    interim_count = 0;
    require(code >= 200 || (code == 101 && response.answers.upgrade));
    const bool connected =
        response.answers.method == http::Method::connect && code >= 200 && code < 300;
    require(response.framing.switches_protocol == (code == 101 || connected));
    if (response.framing.switches_protocol) {
      require(transcript.switched && &response == &transcript.responses.back() && !response.ended);
    }
    switch (response.framing.framing) {
      case Framing::none: require(response.content.empty() && response.trailers.empty()); break;
      case Framing::content_length:
        require(response.framing.content_length.has_value());
        require(response.content.size() <= *response.framing.content_length);
        require(!response.ended || response.content.size() == *response.framing.content_length);
        break;
      case Framing::chunked: require(!response.framing.content_length); break;
      case Framing::until_close:
        require(!response.framing.content_length && response.trailers.empty());
        require(&response == &transcript.responses.back());
        break;
    }
    if (response.answers.method == http::Method::head || http::forbids_content(response.status)) {
      require(response.content.empty());
    }
  }
}

/// Small limits, so that short inputs reach them.
inline ResponseLimits fuzz_response_limits() {
  return {.head_bytes_max = 400,
          .field_count_max = 8,
          .body_bytes_max = 300,
          .chunk_extension_bytes_max = 30,
          .interim_count_max = 3,
          .drain_bytes_max = 0};
}

/// The first byte chooses where the stream behind the second is cut in two; the second, two bits
/// each, which four requests it answers.
inline void check_response_parser(std::string_view input) {
  if (input.size() < 2) return;
  const ResponseLimits limits = fuzz_response_limits();
  const auto chosen = static_cast<unsigned char>(input[0]);
  const auto kinds = static_cast<unsigned char>(input[1]);
  const std::string_view stream = input.substr(2);

  static constexpr AnsweredRequest choices[] = {{.method = http::Method::get},
                                                {.method = http::Method::head},
                                                {.method = http::Method::connect},
                                                {.method = http::Method::get, .upgrade = true}};
  const AnsweredRequest requests[] = {choices[kinds & 3U], choices[kinds >> 2U & 3U],
                                      choices[kinds >> 4U & 3U], choices[kinds >> 6U & 3U]};

  const ResponseTranscript whole = read_whole(stream, requests, limits);
  check_transcript(whole, limits);
  require(read_in_pieces(stream, 1, requests, limits) == whole);
  require(read_in_two(stream, stream.size() * chosen / 256, requests, limits) == whole);
}

}  // namespace duplex::http1

#include <algorithm>
#include <cassert>

#include "http1/field_section.hpp"
#include "http1/framing.hpp"
#include "http1/scan.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/http1/response_parser.hpp>

namespace duplex::http1 {

namespace {

/// What stands before the reason phrase: all of it has its place.
constexpr std::string_view usual_start = "HTTP/1.1 200 ";
constexpr std::size_t status_begin = 9;
constexpr std::size_t status_end = 12;

bool is_digit(char character) noexcept {
  return character >= '0' && character <= '9';
}

/// What is wrong with `character` at `place` of a status line, if anything.
std::expected<void, Error> check_status_line(char character, std::size_t place) noexcept {
  switch (place) {
    case 5:
      if (!is_digit(character)) return std::unexpected(Error::invalid_status_line);
      if (character != '1') return std::unexpected(Error::unsupported_version);
      return {};
    case 7:
      if (!is_digit(character)) return std::unexpected(Error::invalid_status_line);
      // RFC 9110 section 2.5 would have a higher version read as 1.1. There is none, and never will
      // be; who claims one is no HTTP server.
      if (character > '1') return std::unexpected(Error::unsupported_version);
      return {};
    case status_begin:
      if (!is_digit(character)) return std::unexpected(Error::invalid_status_line);
      if (character < '1' || character > '5') return std::unexpected(Error::invalid_status_code);
      return {};
    case status_begin + 1:
    case status_begin + 2:
      if (!is_digit(character)) return std::unexpected(Error::invalid_status_line);
      return {};
    default:
      if (character != usual_start[place]) return std::unexpected(Error::invalid_status_line);
      return {};
  }
}

}  // namespace

void ResponseParser::expect(AnsweredRequest request) noexcept {
  assert(phase_ == Phase::idle && "one response after the other");
  request_ = request;
  interim_count_ = 0;
  cursor_ = {};
  phase_ = Phase::status_line;
}

ResponseParser::Result ResponseParser::next(Bytes& input) noexcept {
  Result result = [&]() -> Result {
    switch (phase_) {
      case Phase::idle:
        if (input.empty()) return std::nullopt;
        return std::unexpected(Error::unsolicited_response);
      case Phase::status_line:
      case Phase::reason:
      case Phase::fields: return next_head(input);
      case Phase::content_start:
      case Phase::content_length:
      case Phase::until_close: return next_content(input);
      case Phase::chunked: return next_chunk(input);
      case Phase::trailers: return next_trailers(input);
      case Phase::switched: return std::nullopt;
      case Phase::failed: break;
    }
    return std::unexpected(error_);
  }();
  return result ? result : fail(result.error());
}

ResponseParser::Result ResponseParser::fail(Error error) noexcept {
  phase_ = Phase::failed;
  error_ = error;
  return std::unexpected(error);
}

ResponseParser::Result ResponseParser::end_of_input() noexcept {
  switch (phase_) {
    case Phase::idle:
    case Phase::switched: return std::nullopt;
    case Phase::status_line:
      return fail(cursor_.at == 0 && interim_count_ == 0 ? Error::no_response
                                                         : Error::incomplete_head);
    case Phase::reason:
    case Phase::fields: return fail(Error::incomplete_head);
    case Phase::content_start:
    case Phase::content_length:
      if (framing_ == Framing::until_close) return end_response({});
      if (framing_ != Framing::chunked && content_left_ == 0) return end_response({});
      return fail(Error::incomplete_content);
    case Phase::until_close: return end_response({});
    case Phase::chunked:
    case Phase::trailers: return fail(Error::incomplete_content);
    case Phase::failed: break;
  }
  return std::unexpected(error_);
}

ResponseParser::Result ResponseParser::next_head(Bytes& input) noexcept {
  const bool resumed = cursor_.at != 0;
  const std::string_view text = section_window(input, limits_->head_bytes_max);
  const Bytes section = input.first(text.size());
  fields_->clear();
  auto complete = scan_head(section);
  if (!complete) return std::unexpected(complete.error());
  if (!*complete) {
    if (text.size() < input.size() || text.size() == limits_->head_bytes_max) {
      return std::unexpected(Error::head_too_large);
    }
    return std::nullopt;
  }
  if (resumed) {
    // The lines of earlier calls are in no table, and have moved: read all of them once more.
    phase_ = Phase::status_line;
    cursor_ = {};
    fields_->clear();
    complete = scan_head(section);
    if (!complete) return std::unexpected(complete.error());
  }
  input = input.subspan(cursor_.at);
  return finish_head(text.substr(0, cursor_.at));
}

std::expected<bool, Error> ResponseParser::scan_head(Bytes section) noexcept {
  const std::string_view text = as_text(section);
  if (phase_ == Phase::status_line) {
    if (cursor_.at == 0) notes_ = {};
    const auto done = scan_status_line(text);
    if (!done || !*done) return done;
    phase_ = Phase::reason;
  }
  if (phase_ == Phase::reason) {
    const auto done = scan_reason(text);
    if (!done || !*done) return done;
    phase_ = Phase::fields;
  }
  return scan_fields(section);
}

std::expected<bool, Error> ResponseParser::scan_status_line(std::string_view text) noexcept {
  constexpr std::string_view usual_version = usual_start.substr(0, status_begin);
  if (cursor_.at == 0 && text.starts_with(usual_version)) cursor_.at = status_begin;
  for (; cursor_.at < status_end; ++cursor_.at) {
    if (cursor_.at == text.size()) return false;
    const auto checked = check_status_line(text[cursor_.at], cursor_.at);
    if (!checked) return std::unexpected(checked.error());
  }
  if (cursor_.at == text.size()) return false;
  notes_.version = text[7] == '0' ? http::Version::http_1_0 : http::Version::http_1_1;
  notes_.status = static_cast<http::Status>(
      *parse_decimal(text.substr(status_begin, status_end - status_begin)));
  // RFC 9112 section 4 wants the space even before an empty reason. Some servers leave it out, and
  // nobody can mistake what they mean.
  if (text[status_end] == ' ') {
    ++cursor_.at;
  } else if (text[status_end] != '\r' && text[status_end] != '\n') {
    return std::unexpected(Error::invalid_status_line);
  }
  return true;
}

std::expected<bool, Error> ResponseParser::scan_reason(std::string_view text) noexcept {
  const std::size_t at = skip_field_value(text, cursor_.at);
  cursor_.at = static_cast<std::uint32_t>(at);
  if (at == text.size()) return false;
  if (text[at] == '\n') return std::unexpected(Error::bare_line_feed);
  if (text[at] != '\r') return std::unexpected(Error::invalid_reason);
  if (at + 1 == text.size()) return false;
  if (text[at + 1] != '\n') return std::unexpected(Error::bare_carriage_return);
  notes_.reason_end = cursor_.at;
  cursor_.at += 2;
  cursor_.line_begin = cursor_.at;
  return true;
}

std::expected<bool, Error> ResponseParser::scan_fields(Bytes section) noexcept {
  const std::string_view text = as_text(section);
  http::FieldView line;
  for (;;) {
    const auto step = next_field_line(text, cursor_, line);
    if (!step) return std::unexpected(step.error());
    if (*step == FieldStep::need_more) return false;
    if (*step == FieldStep::section_end) break;
    if (may_be_folded(text, cursor_, folded_)) [[unlikely]] {
      const FieldStep end = end_folded_line(section, cursor_, folded_, line);
      if (end == FieldStep::need_more) return false;
      if (end == FieldStep::fold) continue;
    }
    if (cursor_.count > limits_->field_count_max) return std::unexpected(Error::too_many_fields);
    if (const auto noted = note_field(line); !noted) return std::unexpected(noted.error());
    fields_->push_back(line);
  }
  if (const auto checked = check_framing(); !checked) return std::unexpected(checked.error());
  return true;
}

std::expected<void, Error> ResponseParser::note_field(const http::FieldView& line) noexcept {
  switch (line.name.size()) {
    case 14:
      if (equals_ignoring_case(line.name, "content-length")) return note_content_length(line.value);
      break;
    case 17:
      if (!equals_ignoring_case(line.name, "transfer-encoding")) break;
      if (notes_.chunked) return std::unexpected(Error::repeated_transfer_encoding);
      if (const auto checked = check_codings(line.value); !checked) return checked;
      notes_.chunked = true;
      break;
    default: break;
  }
  return {};
}

std::expected<void, Error> ResponseParser::note_content_length(std::string_view value) noexcept {
  // RFC 9112 section 6.3: the same number over and over, in one line or several, may pass. Proxies
  // and scripts make such responses; of requests nobody has seen them.
  for (;;) {
    const std::size_t comma = std::min(value.find(','), value.size());
    const auto length = parse_decimal(trim(value.substr(0, comma)));
    if (!length) return std::unexpected(Error::invalid_content_length);
    if (notes_.has_content_length && notes_.content_length != *length) {
      return std::unexpected(Error::differing_content_lengths);
    }
    notes_.has_content_length = true;
    notes_.content_length = *length;
    if (comma == value.size()) return {};
    value.remove_prefix(comma + 1);
  }
}

bool ResponseParser::switches_protocol() const noexcept {
  if (notes_.status == http::Status::switching_protocols) return true;
  const std::uint16_t code = http::code(notes_.status);
  return request_.method == http::Method::connect && code >= 200 && code < 300;
}

std::expected<void, Error> ResponseParser::check_framing() const noexcept {
  const http::Status status = notes_.status;
  if (status == http::Status::switching_protocols &&
      (!request_.upgrade || notes_.version == http::Version::http_1_0)) {
    return std::unexpected(Error::unexpected_upgrade);
  }
  // RFC 9110 section 9.3.6: what the answer to CONNECT says about its content is ignored.
  if (request_.method == http::Method::connect && switches_protocol()) return {};
  if (notes_.chunked && notes_.has_content_length) {
    return std::unexpected(Error::transfer_encoding_and_length);
  }
  if (notes_.chunked && notes_.version == http::Version::http_1_0) {
    return std::unexpected(Error::transfer_encoding_in_http_1_0);
  }
  // Not so 304, which tells of the content that GET would have had. That of zero bytes is said by
  // many servers, and by all it is understood.
  if (http::forbids_content(status) && status != http::Status::not_modified &&
      (notes_.chunked || notes_.content_length > 0)) {
    return std::unexpected(Error::forbidden_content);
  }
  return {};
}

ResponseFraming ResponseParser::framing() const noexcept {
  ResponseFraming result;
  if (switches_protocol()) {
    result.switches_protocol = true;
    return result;
  }
  if (notes_.has_content_length) result.content_length = notes_.content_length;
  if (request_.method == http::Method::head || http::forbids_content(notes_.status)) {
    result.framing = Framing::none;
  } else if (notes_.chunked) {
    result.framing = Framing::chunked;
  } else {
    result.framing = notes_.has_content_length ? Framing::content_length : Framing::until_close;
  }
  return result;
}

ResponseParser::Result ResponseParser::finish_head(std::string_view text) noexcept {
  const std::size_t reason_begin = std::min<std::size_t>(status_end + 1, notes_.reason_end);
  const http::ResponseHead head{
      .version = notes_.version,
      .status = notes_.status,
      .reason = text.substr(reason_begin, notes_.reason_end - reason_begin),
      .fields = http::FieldsView(*fields_),
      .raw = text,
  };
  cursor_ = {};
  const ResponseFraming found = framing();
  if (found.switches_protocol) {
    phase_ = Phase::switched;
    return Head{.head = head, .framing = found};
  }
  if (http::code(notes_.status) < 200) {
    if (interim_count_ == limits_->interim_count_max) {
      return std::unexpected(Error::too_many_interim_responses);
    }
    ++interim_count_;
    phase_ = Phase::status_line;
    return Interim{head};
  }

  allowance_ = {.content_bytes = limits_->body_bytes_max,
                .extension_bytes = limits_->chunk_extension_bytes_max};
  framing_ = found.framing;
  content_left_ = found.framing == Framing::content_length ? notes_.content_length : 0;
  phase_ = Phase::content_start;
  return Head{.head = head, .framing = found};
}

ResponseParser::Result ResponseParser::next_content(Bytes& input) noexcept {
  if (phase_ == Phase::content_start) {
    switch (framing_) {
      case Framing::chunked:
        phase_ = Phase::chunked;
        chunks_ = {};
        return next_chunk(input);
      case Framing::until_close: phase_ = Phase::until_close; break;
      case Framing::none:
      case Framing::content_length:
        if (content_left_ > allowance_.content_bytes) {
          return std::unexpected(Error::content_too_large);
        }
        phase_ = Phase::content_length;
        break;
    }
  }
  if (phase_ == Phase::until_close) {
    if (input.empty()) return std::nullopt;
    if (allowance_.content_bytes == 0) return std::unexpected(Error::content_too_large);
    return Content{take_content(input, allowance_.content_bytes)};
  }
  if (content_left_ == 0) return end_response({});
  if (input.empty()) return std::nullopt;
  return Content{take_content(input, content_left_)};
}

ResponseParser::Result ResponseParser::next_chunk(Bytes& input) noexcept {
  Bytes data;
  const auto step = chunks_.next(input, data, allowance_);
  if (!step) return std::unexpected(step.error());
  switch (*step) {
    case ChunkParser::Step::need_more: break;
    case ChunkParser::Step::data: return Content{data};
    case ChunkParser::Step::last_chunk: phase_ = Phase::trailers; return next_trailers(input);
  }
  return std::nullopt;
}

ResponseParser::Result ResponseParser::next_trailers(Bytes& input) noexcept {
  const auto complete = next_unfolded_trailers(input, cursor_, folded_, limits_->head_bytes_max,
                                               limits_->field_count_max, *fields_);
  if (!complete) return std::unexpected(complete.error());
  if (!*complete) return std::nullopt;
  return end_response(http::FieldsView(*fields_));
}

ResponseParser::Result ResponseParser::end_response(http::FieldsView trailers) noexcept {
  phase_ = Phase::idle;
  cursor_ = {};
  return End{trailers};
}

}  // namespace duplex::http1

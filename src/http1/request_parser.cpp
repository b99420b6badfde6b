#include "http1/field_section.hpp"
#include "http1/framing.hpp"
#include "http1/request_target.hpp"
#include "http1/scan.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/http1/request_parser.hpp>

namespace duplex::http1 {

namespace {

/// RFC 9112 section 2.2 speaks of at least one, for clients that send CRLF behind their content.
constexpr std::uint8_t empty_lines_max = 4;

/// Longer tokens are no method of anybody's registry (the longest there has 17 characters), and
/// are refused before a head's limit is reached.
constexpr std::size_t method_bytes_max = 32;

/// The error of a request line that `stop` ends where a space ought to stand.
Error request_line_error(char stop, Error otherwise) noexcept {
  return stop == '\r' || stop == '\n' ? Error::invalid_request_line : otherwise;
}

}  // namespace

RequestParser::Result RequestParser::next(Bytes& input) noexcept {
  Result result = [&]() -> Result {
    switch (phase_) {
      case Phase::before_request:
      case Phase::method:
      case Phase::target:
      case Phase::version:
      case Phase::fields: return next_head(input);
      case Phase::content_start:
      case Phase::content_length: return next_content(input);
      case Phase::chunked: return next_chunk(input);
      case Phase::trailers: return next_trailers(input);
      case Phase::failed: break;
    }
    return std::unexpected(error_);
  }();
  if (!result) {
    phase_ = Phase::failed;
    error_ = result.error();
  }
  return result;
}

RequestParser::Result RequestParser::next_head(Bytes& input) noexcept {
  while (phase_ == Phase::before_request) {
    if (input.empty()) return std::nullopt;
    const auto first = static_cast<char>(input[0]);
    if (first == '\n') return std::unexpected(Error::bare_line_feed);
    if (first != '\r') {
      phase_ = Phase::method;
      cursor_ = {};
      break;
    }
    if (input.size() == 1) {
      cursor_.at = 1;
      return std::nullopt;
    }
    if (static_cast<char>(input[1]) != '\n') return std::unexpected(Error::bare_carriage_return);
    if (empty_lines_ == empty_lines_max) return std::unexpected(Error::too_many_empty_lines);
    ++empty_lines_;
    cursor_.at = 0;
    input = input.subspan(2);
  }

  const bool resumed = cursor_.at != 0;
  const std::string_view text = section_window(input, limits_->head_bytes_max);
  fields_->clear();
  auto complete = scan_head(text);
  if (!complete) return std::unexpected(complete.error());
  if (!*complete) {
    if (text.size() < input.size() || text.size() == limits_->head_bytes_max) {
      return std::unexpected(Error::head_too_large);
    }
    return std::nullopt;
  }
  if (resumed) {
    // The lines of earlier calls are in no table, and have moved: read all of them once more.
    phase_ = Phase::method;
    cursor_ = {};
    fields_->clear();
    complete = scan_head(text);
    if (!complete) return std::unexpected(complete.error());
  }
  input = input.subspan(cursor_.at);
  return finish_head(text.substr(0, cursor_.at));
}

std::expected<bool, Error> RequestParser::scan_head(std::string_view text) noexcept {
  if (phase_ == Phase::method) {
    notes_ = {};
    const auto done = scan_method(text);
    if (!done || !*done) return done;
    phase_ = Phase::target;
  }
  if (phase_ == Phase::target) {
    const auto done = scan_target(text);
    if (!done || !*done) return done;
    phase_ = Phase::version;
  }
  if (phase_ == Phase::version) {
    const auto done = scan_version(text);
    if (!done || !*done) return done;
    if (const auto checked = check_request_line(text); !checked) {
      return std::unexpected(checked.error());
    }
    phase_ = Phase::fields;
  }
  return scan_fields(text);
}

std::expected<bool, Error> RequestParser::scan_method(std::string_view text) noexcept {
  const std::size_t at = skip_token(text, cursor_.at);
  cursor_.at = static_cast<std::uint32_t>(at);
  if (at > method_bytes_max) return std::unexpected(Error::unknown_method);
  if (at == text.size()) return false;
  if (text[at] != ' ' || at == 0) {
    return std::unexpected(request_line_error(text[at], Error::invalid_method));
  }
  notes_.target_begin = ++cursor_.at;
  return true;
}

std::expected<bool, Error> RequestParser::scan_target(std::string_view text) noexcept {
  const std::size_t at = skip_target(text, cursor_.at);
  cursor_.at = static_cast<std::uint32_t>(at);
  if (at - notes_.target_begin > limits_->target_bytes_max) {
    return std::unexpected(Error::target_too_long);
  }
  if (at == text.size()) return false;
  if (text[at] != ' ' || at == notes_.target_begin) {
    return std::unexpected(request_line_error(text[at], Error::invalid_target));
  }
  notes_.target_end = cursor_.at++;
  return true;
}

std::expected<bool, Error> RequestParser::scan_version(std::string_view text) noexcept {
  static constexpr std::string_view usual = "HTTP/1.1\r\n";
  const std::size_t begin = notes_.target_end + 1;
  if (text.substr(begin, usual.size()) == usual) {
    cursor_.at = static_cast<std::uint32_t>(begin + usual.size());
    notes_.version = http::Version::http_1_1;
  }
  while (cursor_.at - begin < usual.size()) {
    if (cursor_.at == text.size()) return false;
    const char character = text[cursor_.at];
    const std::size_t place = cursor_.at - begin;
    switch (place) {
      case 5:  // the digits
      case 7:
        if (character < '0' || character > '9') return std::unexpected(Error::invalid_version);
        break;
      case 8:
        if (text[begin + 5] != '1') return std::unexpected(Error::unsupported_version);
        // RFC 9110 section 2.5: a higher minor version is read as the highest that we know.
        notes_.version = text[begin + 7] == '0' ? http::Version::http_1_0 : http::Version::http_1_1;
        if (character == '\n') return std::unexpected(Error::bare_line_feed);
        if (character != '\r') return std::unexpected(Error::invalid_version);
        break;
      case 9:
        if (character != '\n') return std::unexpected(Error::bare_carriage_return);
        break;
      default:
        if (character != usual[place]) return std::unexpected(Error::invalid_version);
        break;
    }
    ++cursor_.at;
  }
  cursor_.line_begin = cursor_.at;
  return true;
}

std::expected<void, Error> RequestParser::check_request_line(std::string_view text) noexcept {
  // After the version, so that the preface of HTTP/2 (`PRI * HTTP/2.0`) is told its version.
  const auto method = http::parse_method(text.substr(0, notes_.target_begin - 1));
  if (!method) return std::unexpected(Error::unknown_method);
  if (*method == http::Method::connect) return std::unexpected(Error::connect_unsupported);
  notes_.method = *method;
  if (text[notes_.target_begin] == '/') return {};
  const auto target = parse_target(
      *method, text.substr(notes_.target_begin, notes_.target_end - notes_.target_begin));
  if (!target) return std::unexpected(target.error());
  return {};
}

std::expected<bool, Error> RequestParser::scan_fields(std::string_view text) noexcept {
  http::FieldView line;
  for (;;) {
    const auto step = next_field_line(text, cursor_, line);
    if (!step) return std::unexpected(step.error());
    if (*step == FieldStep::need_more) return false;
    if (*step == FieldStep::section_end) break;
    if (cursor_.count > limits_->field_count_max) return std::unexpected(Error::too_many_fields);
    if (const auto noted = note_field(line, text); !noted) {
      return std::unexpected(noted.error());
    }
    fields_->push_back(line);
  }
  if (const auto checked = check_framing(); !checked) return std::unexpected(checked.error());
  return true;
}

std::expected<void, Error> RequestParser::note_field(const http::FieldView& line,
                                                     std::string_view text) noexcept {
  switch (line.name.size()) {
    case 4:
      if (!equals_ignoring_case(line.name, "host")) break;
      if (notes_.has_host) return std::unexpected(Error::repeated_host);
      if (!is_authority(line.value)) return std::unexpected(Error::invalid_host);
      notes_.has_host = true;
      notes_.host_begin = static_cast<std::uint32_t>(line.value.data() - text.data());
      notes_.host_bytes = static_cast<std::uint32_t>(line.value.size());
      break;
    case 14: {
      if (!equals_ignoring_case(line.name, "content-length")) break;
      if (notes_.has_content_length) return std::unexpected(Error::repeated_content_length);
      const auto length = parse_decimal(line.value);
      if (!length) return std::unexpected(Error::invalid_content_length);
      notes_.has_content_length = true;
      notes_.content_length = *length;
      break;
    }
    case 17:
      if (!equals_ignoring_case(line.name, "transfer-encoding")) break;
      if (notes_.chunked) return std::unexpected(Error::repeated_transfer_encoding);
      if (notes_.version == http::Version::http_1_0) {
        return std::unexpected(Error::transfer_encoding_in_http_1_0);
      }
      if (const auto checked = check_codings(line.value); !checked) return checked;
      notes_.chunked = true;
      break;
    default: break;
  }
  return {};
}

std::expected<void, Error> RequestParser::check_framing() const noexcept {
  if (notes_.chunked && notes_.has_content_length) {
    return std::unexpected(Error::transfer_encoding_and_length);
  }
  if (!notes_.has_host && notes_.version == http::Version::http_1_1) {
    return std::unexpected(Error::missing_host);
  }
  return {};
}

RequestParser::Result RequestParser::finish_head(std::string_view text) noexcept {
  const std::string_view target =
      text.substr(notes_.target_begin, notes_.target_end - notes_.target_begin);
  const auto parts = parse_target(notes_.method, target);
  if (!parts) return std::unexpected(parts.error());

  allowance_ = {.content_bytes = limits_->body_bytes_max,
                .extension_bytes = limits_->chunk_extension_bytes_max};
  content_left_ = notes_.content_length;
  phase_ = Phase::content_start;
  empty_lines_ = 0;
  cursor_ = {};
  return Head{.head = {.method = notes_.method,
                       .version = notes_.version,
                       .target = target,
                       .path = parts->path,
                       .query = parts->query,
                       .authority = parts->authority.empty()
                                        ? text.substr(notes_.host_begin, notes_.host_bytes)
                                        : parts->authority,
                       .fields = http::FieldsView(*fields_),
                       .raw = text},
              .framing = {.chunked = notes_.chunked, .content_length = notes_.content_length}};
}

RequestParser::Result RequestParser::next_content(Bytes& input) noexcept {
  if (phase_ == Phase::content_start) {
    if (notes_.chunked) {
      phase_ = Phase::chunked;
      chunks_ = {};
      return next_chunk(input);
    }
    if (content_left_ > allowance_.content_bytes) return std::unexpected(Error::content_too_large);
    phase_ = Phase::content_length;
  }
  if (content_left_ == 0) return end_request({});
  if (input.empty()) return std::nullopt;
  return Content{take_content(input, content_left_)};
}

RequestParser::Result RequestParser::next_chunk(Bytes& input) noexcept {
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

RequestParser::Result RequestParser::next_trailers(Bytes& input) noexcept {
  const auto complete = http1::next_trailers(input, cursor_, limits_->head_bytes_max,
                                             limits_->field_count_max, *fields_);
  if (!complete) return std::unexpected(complete.error());
  if (!*complete) return std::nullopt;
  return end_request(http::FieldsView(*fields_));
}

RequestParser::Result RequestParser::end_request(http::FieldsView trailers) noexcept {
  phase_ = Phase::before_request;
  cursor_ = {};
  return End{trailers};
}

}  // namespace duplex::http1

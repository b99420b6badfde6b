#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <duplex/http/content_coding.hpp>
#include <duplex/http/fields.hpp>

namespace duplex::http {

/// Which of the `available` codings the Accept-Encoding fields like best (RFC 9110 section 12.5.3);
/// among equals the one that stands first. Without such a field only identity is liked, as it is
/// by programs that don't know codings. An identity that isn't named comes last but is acceptable.
/// nullopt when all available ones are refused.
std::optional<ContentCoding> choose_coding(FieldsView fields,
                                           std::span<const ContentCoding> available) noexcept;

/// How well `media_type`, such as `text/html`, is liked by the Accept fields (RFC 9110 section
/// 12.5.1), in thousandths: 1000 without a field, 0 when it is refused. The most specific range
/// counts; parameters of ranges other than `q` make them match nothing.
std::uint16_t media_type_quality(FieldsView fields, std::string_view media_type) noexcept;

/// Whether the Accept fields name `media_type` itself and not only `*/*` or nothing: a browser that
/// goes to a page names `text/html`, an EventSource `text/event-stream`.
bool asks_for(FieldsView fields, std::string_view media_type) noexcept;

}  // namespace duplex::http

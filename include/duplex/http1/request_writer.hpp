#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>
#include <system_error>
#include <type_traits>

#include <duplex/base/byte_queue.hpp>
#include <duplex/http/fields.hpp>
#include <duplex/http/method.hpp>
#include <duplex/http/url.hpp>
#include <duplex/http1/chunk_writer.hpp>
#include <duplex/http1/request_plan.hpp>

/// The client's side of the wire (RFC 9112): functions that append to a queue, and allocate nothing
/// but the queue's own block.
namespace duplex::http1 {

/// How a request names its target (RFC 9112 section 3.2).
enum class TargetForm : std::uint8_t {
  origin,     ///< `/path?query`: to the server itself
  absolute,   ///< `http://host/path?query`: to a proxy
  authority,  ///< `host:port`, always with its port: CONNECT
  asterisk,   ///< `*`: OPTIONS of the whole server
};

/// Why a request can't be written. Its maker is wrong, not a peer.
enum class RequestError : std::uint8_t {
  invalid_target,       ///< RFC 9112 section 3.2: a byte that no request target may hold
  invalid_target_form,  ///< RFC 9112 section 3.2: CONNECT names an authority, only OPTIONS `*`
  invalid_host,         ///< RFC 9112 section 3.2: not one Host that is host [":" port]
  connection_field,     ///< RFC 9110 section 7.6.1: the connection's to say, such as Connection
  framing_field,        ///< RFC 9112 section 6: follows from the content, such as Content-Length
  expect_field,         ///< RFC 9110 section 10.1.1: Expect, which the exchange has to know of
  upgrade_field,        ///< RFC 9110 section 7.8: Upgrade in a request that was not planned so
};

/// How many of these errors there are; their values run from 0 to this, exclusive.
inline constexpr std::size_t request_error_count =
    static_cast<std::size_t>(RequestError::upgrade_field) + 1;

/// One sentence, with its full stop, on what to do instead.
std::string_view describe(RequestError error) noexcept;

/// The category of `RequestError`, named "request"; its messages are what `describe` says, without
/// the full stop. Its values are counted from 1, since 0 would be no error. Lives for ever; any
/// thread.
const std::error_category& request_category() noexcept;

/// For std::error_code, which finds it by itself.
std::error_code make_error_code(RequestError error) noexcept;

/// Appends request line, Host, `fields`, framing, Expect and Connection, and the empty line.
///
/// `url` is what the request is for; with CONNECT only its host and port count. `plan` comes from
/// `ClientExchange::begin`. A Host in `fields` replaces the one that `url` yields, and stands first
/// as that does (RFC 9110 section 7.2).
/// Fields that others decide are refused rather than dropped, since who sets them means something.
/// What is refused leaves `out` as it was.
std::expected<void, RequestError> write_request_head(http::Method method, const http::Url& url,
                                                     TargetForm form, const http::Fields& fields,
                                                     const RequestPlan& plan,
                                                     ByteQueue& out) noexcept;

}  // namespace duplex::http1

template <>
struct std::is_error_code_enum<duplex::http1::RequestError> : std::true_type {};

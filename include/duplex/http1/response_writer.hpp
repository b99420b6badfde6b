#pragma once

#include <string_view>

#include <duplex/base/byte_queue.hpp>
#include <duplex/http/fields.hpp>
#include <duplex/http/status.hpp>
#include <duplex/http1/chunk_writer.hpp>
#include <duplex/http1/response_plan.hpp>

/// The server's side of the wire (RFC 9112): functions that append to a queue, and allocate nothing
/// but the queue's own block.
namespace duplex::http1 {

/// Appends status line, Date, `fields`, framing and Connection, and the empty line.
///
/// `plan` comes from `Exchange::plan`. Fields that are the connection's to decide (Connection,
/// Keep-Alive, Proxy-Connection, Transfer-Encoding, Content-Length, and Upgrade but with 101 and
/// 426) are left out of `fields`. `date` is a ready IMF-fixdate, cached by the caller; empty for
/// none, and not written when `fields` has a Date of its own. `standing` is a line that goes with
/// every response, already checked; the same holds for it.
void write_response_head(http::Status status, const http::Fields& fields, const ResponsePlan& plan,
                         std::string_view date, ByteQueue& out,
                         http::FieldView standing = {}) noexcept;

/// Appends a whole last response with `sentence` as its text and `Connection: close`: the answer to
/// an `Error`, with `status_of` and `describe`, or to a time limit. `standing` is as above.
void write_error_response(http::Status status, std::string_view sentence, std::string_view date,
                          ByteQueue& out, http::FieldView standing = {}) noexcept;

/// Appends `100 Continue` (RFC 9110 section 15.2.1).
void write_continue(ByteQueue& out) noexcept;

}  // namespace duplex::http1

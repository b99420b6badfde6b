#pragma once

#include <string>

#include <duplex/client/error.hpp>

namespace duplex::app {

/// The error in a line and, when a response is its reason, that response's status, the fields that
/// say what to do about it, and the beginning of its content; lines without an end of the last.
/// Escaped, see `printable`.
std::string describe_failure(const client::Error& error);

}  // namespace duplex::app

#pragma once

#include <vector>

#include <duplex/http/fields.hpp>

namespace duplex::http1 {

/// Where a parser writes the field lines of the head that it has just found. One table serves all
/// parsers of a thread, so that a waiting connection owns none.
using FieldTable = std::vector<http::FieldView>;

}  // namespace duplex::http1

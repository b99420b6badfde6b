#pragma once

#include <duplex/http/fields.hpp>

namespace duplex::client {

/// Adds to `fields` those of `defaults` that have no line of the same name there.
inline void add_missing(http::Fields& fields, const http::Fields& defaults) {
  const http::Fields own = fields;
  for (const http::Fields::Line& line : defaults.lines()) {
    if (!own.contains(line.name)) fields.add(line.name, line.value);
  }
}

}  // namespace duplex::client

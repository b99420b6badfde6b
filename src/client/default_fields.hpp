#pragma once

#include <string>

#include <duplex/http/fields.hpp>

namespace duplex::client {

/// Adds to `fields` those of `defaults` that have no line of the same name there.
inline void add_missing(http::Fields& fields, const http::Fields& defaults) {
  const http::Fields own = fields;
  for (const http::FieldView line : defaults) {
    if (!own.contains(line.name)) fields.add(line.name, line.value);
  }
}

/// Adds a jar's cookies to those that are there already.
inline void add_cookies(http::Fields& fields, const std::string& cookies) {
  if (cookies.empty()) return;
  const auto own = fields.find("Cookie");
  fields.set("Cookie", own ? std::string(*own) + "; " + cookies : cookies);
}

}  // namespace duplex::client

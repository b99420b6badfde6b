#pragma once

#include <string>
#include <variant>

#include <duplex/client/content.hpp>

namespace duplex::client {

/// The client's way into what a request carries.
class ContentAccess {
 public:
  using Stream = Content::Stream;

  static const std::string* text(const Content& content) noexcept {
    return std::get_if<std::string>(&content.body_);
  }
  /// The path of a file.
  static const std::string* file(const Content& content) noexcept {
    const auto* file = std::get_if<Content::File>(&content.body_);
    return file != nullptr ? &file->path : nullptr;
  }
  static Stream* stream(Content& content) noexcept { return std::get_if<Stream>(&content.body_); }
};

}  // namespace duplex::client

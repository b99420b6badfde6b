#include <algorithm>

#include <duplex/base/ascii.hpp>
#include <duplex/websocket/extensions.hpp>

namespace duplex::websocket {

namespace {

void skip_blanks(std::string_view& text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

/// Whether `mark` came next, with blanks on either side; if so, all of that is taken.
bool take_mark(std::string_view& text, char mark) noexcept {
  skip_blanks(text);
  if (text.empty() || text.front() != mark) return false;
  text.remove_prefix(1);
  skip_blanks(text);
  return true;
}

/// The token at the front; empty when there is none.
std::string_view take_token(std::string_view& text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && http::is_token(text.substr(size, 1))) ++size;
  const std::string_view token = text.substr(0, size);
  text.remove_prefix(size);
  return token;
}

/// The inside of the quoted string at the front, when a token is what it means.
std::optional<ExtensionValue> take_quoted(std::string_view& text) noexcept {
  bool empty = true;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      if (empty) return std::nullopt;
      const ExtensionValue value(text.substr(1, i - 1));
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\') ++i;
    if (!http::is_token(text.substr(std::min(i, text.size()), 1))) return std::nullopt;
    empty = false;
  }
  return std::nullopt;
}

std::optional<ExtensionValue> take_value(std::string_view& text) noexcept {
  if (text.starts_with('"')) return take_quoted(text);
  const std::string_view token = take_token(text);
  if (token.empty()) return std::nullopt;
  return ExtensionValue(token);
}

/// The element at the front and the comma that ends it, if one does.
std::expected<Extension, ExtensionError> take_extension(std::string_view& text) noexcept {
  const auto malformed = std::unexpected(ExtensionError::malformed);
  Extension extension(take_token(text));
  if (extension.name().empty()) return malformed;
  while (take_mark(text, ';')) {
    ExtensionParameter parameter{.name = take_token(text), .value = std::nullopt};
    if (parameter.name.empty()) return malformed;
    if (take_mark(text, '=')) {
      parameter.value = take_value(text);
      if (!parameter.value) return malformed;
    }
    if (!extension.add(parameter)) return std::unexpected(ExtensionError::too_many_parameters);
  }
  if (!take_mark(text, ',') && !text.empty()) return malformed;
  return extension;
}

}  // namespace

bool ExtensionValue::operator==(std::string_view token) const noexcept {
  for (const char each : written_) {
    if (each == '\\') continue;
    if (token.empty() || token.front() != each) return false;
    token.remove_prefix(1);
  }
  return token.empty();
}

bool Extension::add(ExtensionParameter parameter) noexcept {
  if (count_ == parameters_.size()) return false;
  parameters_[count_++] = parameter;
  return true;
}

bool ExtensionReader::find_element() noexcept {
  while (true) {
    skip_blanks(rest_);
    while (take_mark(rest_, ',')) {
    }
    if (!rest_.empty()) return true;
    if (next_line_ == fields_.size()) return false;
    const http::FieldView& line = fields_.begin()[static_cast<std::ptrdiff_t>(next_line_++)];
    if (equals_ignoring_case(line.name, "Sec-WebSocket-Extensions")) rest_ = line.value;
  }
}

std::expected<std::optional<Extension>, ExtensionError> ExtensionReader::next() noexcept {
  if (error_) return std::unexpected(*error_);
  if (!find_element()) return std::nullopt;
  auto extension = take_extension(rest_);
  if (extension && ++count_ > extension_count_max) {
    extension = std::unexpected(ExtensionError::too_many_extensions);
  }
  if (!extension) {
    error_ = extension.error();
    return std::unexpected(*error_);
  }
  return *extension;
}

std::expected<void, ExtensionError> check_extensions(http::FieldsView fields) noexcept {
  ExtensionReader reader(fields);
  while (true) {
    const auto extension = reader.next();
    if (!extension) return std::unexpected(extension.error());
    if (!*extension) return {};
  }
}

}  // namespace duplex::websocket

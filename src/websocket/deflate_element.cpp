#include "websocket/deflate_element.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace duplex::websocket {

namespace {

constexpr std::string_view server_no_context_takeover = "server_no_context_takeover";
constexpr std::string_view client_no_context_takeover = "client_no_context_takeover";
constexpr std::string_view server_max_window_bits = "server_max_window_bits";
constexpr std::string_view client_max_window_bits = "client_max_window_bits";

/// The sizes of a window as they are written, from the smallest on: without leading zeros
/// (RFC 7692 section 7.1.2).
constexpr std::array<std::string_view, 8> window_texts = {"8",  "9",  "10", "11",
                                                          "12", "13", "14", "15"};

std::optional<std::uint8_t> window_bits(const ExtensionValue& value) noexcept {
  const auto found =
      std::ranges::find_if(window_texts, [&value](std::string_view text) { return value == text; });
  if (found == window_texts.end()) return std::nullopt;
  return static_cast<std::uint8_t>(window_bits_min + (found - window_texts.begin()));
}

void append_parameter(DeflateText& text, std::string_view name) noexcept {
  text.append("; ");
  text.append(name);
}

void append_parameter(DeflateText& text, std::string_view name, std::uint8_t bits) noexcept {
  append_parameter(text, name);
  text.append("=");
  text.append(window_texts[bits - std::size_t{window_bits_min}]);
}

/// Reads one element's parameters one by one.
class ElementReader {
 public:
  explicit ElementReader(DeflateElementKind kind) noexcept : kind_(kind) {}

  const DeflateElement& element() const noexcept { return element_; }

  std::expected<void, DeflateElementError> take(const ExtensionParameter& parameter) noexcept {
    if (parameter.name == server_no_context_takeover) {
      return take_flag(parameter, element_.server_no_context_takeover);
    }
    if (parameter.name == client_no_context_takeover) {
      return take_flag(parameter, element_.client_no_context_takeover);
    }
    if (parameter.name == server_max_window_bits) {
      return take_bits(parameter, element_.server_max_window_bits);
    }
    if (parameter.name == client_max_window_bits) {
      if (element_.bare_client_max_window_bits)
        return refuse(DeflateElementError::repeated_parameter);
      if (!parameter.value && kind_ == DeflateElementKind::offer) {
        if (element_.client_max_window_bits) return refuse(DeflateElementError::repeated_parameter);
        element_.bare_client_max_window_bits = true;
        return {};
      }
      return take_bits(parameter, element_.client_max_window_bits);
    }
    return refuse(DeflateElementError::unknown_parameter);
  }

 private:
  static std::unexpected<DeflateElementError> refuse(DeflateElementError error) noexcept {
    return std::unexpected(error);
  }

  static std::expected<void, DeflateElementError> take_flag(const ExtensionParameter& parameter,
                                                            bool& flag) noexcept {
    if (flag) return refuse(DeflateElementError::repeated_parameter);
    if (parameter.value) return refuse(DeflateElementError::invalid_value);
    flag = true;
    return {};
  }

  static std::expected<void, DeflateElementError> take_bits(
      const ExtensionParameter& parameter, std::optional<std::uint8_t>& bits) noexcept {
    if (bits) return refuse(DeflateElementError::repeated_parameter);
    if (parameter.value) bits = window_bits(*parameter.value);
    if (!bits) return refuse(DeflateElementError::invalid_value);
    return {};
  }

  DeflateElementKind kind_;
  DeflateElement element_;
};

}  // namespace

void DeflateText::append(std::string_view text) noexcept {
  assert(size_ + text.size() <= characters_.size());
  std::ranges::copy(text, characters_.begin() + size_);
  size_ = static_cast<std::uint8_t>(size_ + text.size());
}

std::expected<DeflateElement, DeflateElementError> parse_deflate_element(
    const Extension& extension, DeflateElementKind kind) noexcept {
  ElementReader reader(kind);
  for (const ExtensionParameter& parameter : extension.parameters()) {
    if (const auto taken = reader.take(parameter); !taken) return std::unexpected(taken.error());
  }
  return reader.element();
}

DeflateText write_deflate_element(const DeflateElement& element) noexcept {
  DeflateText text;
  text.append(deflate_extension);
  if (element.server_no_context_takeover) append_parameter(text, server_no_context_takeover);
  if (element.client_no_context_takeover) append_parameter(text, client_no_context_takeover);
  if (element.server_max_window_bits) {
    append_parameter(text, server_max_window_bits, *element.server_max_window_bits);
  }
  if (element.client_max_window_bits) {
    append_parameter(text, client_max_window_bits, *element.client_max_window_bits);
  } else if (element.bare_client_max_window_bits) {
    append_parameter(text, client_max_window_bits);
  }
  return text;
}

}  // namespace duplex::websocket

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include <duplex/base/ascii.hpp>
#include <duplex/http/fields.hpp>

namespace duplex::http {

namespace {

/// For every byte whether it is a tchar (RFC 9110 section 5.6.2).
constexpr std::array<bool, 256> token_bytes = [] {
  std::array<bool, 256> table{};
  for (unsigned byte = '0'; byte <= '9'; ++byte) table[byte] = true;
  for (unsigned byte = 'A'; byte <= 'Z'; ++byte) table[byte] = true;
  for (unsigned byte = 'a'; byte <= 'z'; ++byte) table[byte] = true;
  for (char const mark : std::string_view("!#$%&'*+-.^_`|~")) {
    table[static_cast<unsigned char>(mark)] = true;
  }
  return table;
}();

/// Whether one of the first eight bytes, which must be there, is below 0x20, or 0x7f.
bool holds_control_byte(std::string_view text) noexcept {
  constexpr std::uint64_t each = 0x0101010101010101;
  std::uint64_t word = 0;
  std::memcpy(&word, text.data(), sizeof word);
  // A byte's high bit is set where the subtraction borrows, and the byte had none itself.
  const std::uint64_t low = (word - 0x20 * each) & ~word;
  const std::uint64_t other = word ^ (0x7f * each);
  const std::uint64_t del = (other - each) & ~other;
  return ((low | del) & (0x80 * each)) != 0;
}

void check(std::string_view name, std::string_view value) {
  if (!is_token(name)) {
    throw std::invalid_argument("field name \"" + std::string(name) +
                                "\" is not a token: use letters, digits and - only");
  }
  if (!is_field_value(value)) {
    throw std::invalid_argument(
        "the value of field \"" + std::string(name) +
        "\" holds a control byte, such as a line break: remove or encode it");
  }
}

}  // namespace

std::optional<std::string_view> FieldsView::find(std::string_view name) const noexcept {
  for (const FieldView& line : lines_) {
    if (equals_ignoring_case(line.name, name)) return line.value;
  }
  return std::nullopt;
}

std::size_t FieldsView::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(
      lines_, [name](const FieldView& line) { return equals_ignoring_case(line.name, name); }));
}

bool FieldsView::lists(std::string_view name, std::string_view token) const noexcept {
  return std::ranges::any_of(lines_, [name, token](const FieldView& line) {
    return equals_ignoring_case(line.name, name) && list_contains(line.value, token);
  });
}

std::string FieldsView::joined(std::string_view name) const {
  std::string result;
  bool first = true;
  for (const FieldView& line : lines_) {
    if (!equals_ignoring_case(line.name, name)) continue;
    if (!first) result += ", ";
    result += line.value;
    first = false;
  }
  return result;
}

void Fields::add(std::string_view name, std::string_view value) {
  check(name, value);
  lines_.push_back({std::string(name), std::string(value)});
}

void Fields::set(std::string_view name, std::string_view value) {
  check(name, value);
  // Both views may point into the line that `remove` is about to free.
  Line line{std::string(name), std::string(value)};
  remove(line.name);
  lines_.push_back(std::move(line));
}

void Fields::remove(std::string_view name) {
  // A copy, since the view may point into a line that is about to move.
  std::erase_if(lines_, [name = std::string(name)](const Line& line) {
    return equals_ignoring_case(line.name, name);
  });
}

std::optional<std::string_view> Fields::find(std::string_view name) const noexcept {
  for (const Line& line : lines_) {
    if (equals_ignoring_case(line.name, name)) return line.value;
  }
  return std::nullopt;
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char character) {
    return token_bytes[static_cast<unsigned char>(character)];
  });
}

bool is_field_value(std::string_view text) noexcept {
  // Eight bytes at a time, as long as none of them is a control byte.
  while (text.size() >= sizeof(std::uint64_t) && !holds_control_byte(text)) {
    text.remove_prefix(sizeof(std::uint64_t));
  }
  return std::ranges::all_of(text, [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
  });
}

}  // namespace duplex::http

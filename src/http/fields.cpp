#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <stdexcept>

#include <duplex/base/ascii.hpp>
#include <duplex/http/fields.hpp>

namespace duplex::http {

static_assert(std::forward_iterator<Fields::Iterator>);

namespace {

/// For the fields of a usual response.
constexpr std::size_t first_bytes = 240;

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
  if (std::max(name.size(), value.size()) > UINT32_MAX) {
    throw std::length_error("a field name or value has more than 4 GiB");
  }
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
  append({name, value});
}

void Fields::append(const FieldView& line) {
  const Sizes sizes{static_cast<std::uint32_t>(line.name.size()),
                    static_cast<std::uint32_t>(line.value.size())};
  const std::size_t before = lines_.size();
  const std::size_t size = before + sizes.of_line();
  const auto write = [&](char* lines, std::size_t) {
    char* const begin = lines + before;
    std::memcpy(begin, &sizes, sizeof sizes);
    std::memcpy(begin + sizeof sizes, line.name.data(), sizes.name);
    if (sizes.value > 0) {
      std::memcpy(begin + sizeof sizes + sizes.name, line.value.data(), sizes.value);
    }
    return size;
  };
  if (size <= lines_.capacity()) return lines_.resize_and_overwrite(size, write);
  // Both views may be of lines that are here, which must not be freed before.
  std::string grown;
  grown.reserve(std::max({first_bytes, 2 * lines_.capacity(), size}));
  grown.append(lines_);
  grown.resize_and_overwrite(size, write);
  lines_.swap(grown);
}

void Fields::set(std::string_view name, std::string_view value) {
  const std::size_t before = lines_.size();
  add(name, value);
  remove_among(before, (*Iterator(lines_.data() + before)).name);
}

void Fields::remove(std::string_view name) {
  // A copy, since the view may be of a line that is about to move.
  if (contains(name)) remove_among(lines_.size(), std::string(name));
}

/// Removes those of the first lines, `bytes` in all, that are named `name`, which must not be a
/// view of one of them.
void Fields::remove_among(std::size_t bytes, std::string_view name) noexcept {
  std::size_t kept = 0;
  for (std::size_t at = 0; at < bytes;) {
    const Iterator line(lines_.data() + at);
    const std::size_t size = line.sizes().of_line();
    if (!equals_ignoring_case((*line).name, name)) {
      std::memmove(lines_.data() + kept, lines_.data() + at, size);
      kept += size;
    }
    at += size;
  }
  lines_.erase(kept, bytes - kept);
}

std::optional<std::string_view> Fields::find(std::string_view name) const noexcept {
  for (const FieldView line : *this) {
    if (equals_ignoring_case(line.name, name)) return line.value;
  }
  return std::nullopt;
}

bool is_field_value(std::string_view text) noexcept {
  constexpr std::size_t step = sizeof(std::uint64_t);
  if (text.size() >= step) {
    // Eight bytes at a time, as long as none of them is a control byte; the last ones once more.
    const std::string_view last = text.substr(text.size() - step);
    while (text.size() >= step && !holds_control_byte(text)) text.remove_prefix(step);
    if (text.size() < step && !holds_control_byte(last)) return true;
  }
  return std::ranges::all_of(text, [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
  });
}

}  // namespace duplex::http

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace duplex::http {

/// One field line, as views into somebody else's text.
struct FieldView {
  std::string_view name;
  std::string_view value;
};

/// Field lines in the order in which they came, as views into somebody else's text. Names match
/// without regard to ASCII case (RFC 9110 section 5.1).
class FieldsView {
 public:
  FieldsView() noexcept = default;
  explicit FieldsView(std::span<const FieldView> lines) noexcept : lines_(lines) {}

  auto begin() const noexcept { return lines_.begin(); }
  auto end() const noexcept { return lines_.end(); }
  std::size_t size() const noexcept { return lines_.size(); }
  bool empty() const noexcept { return lines_.empty(); }

  /// The value of the first line named `name`; nullopt when there is none.
  std::optional<std::string_view> find(std::string_view name) const noexcept;

  /// How many lines are named `name`.
  std::size_t count(std::string_view name) const noexcept;

  /// Whether any line named `name` is a comma-separated list that holds `token`, in any case.
  bool lists(std::string_view name, std::string_view token) const noexcept;

  /// All values of `name` joined by `, ` (RFC 9110 section 5.3); empty when there is none.
  std::string joined(std::string_view name) const;

 private:
  std::span<const FieldView> lines_;
};

namespace detail {

/// For every byte whether it is a tchar (RFC 9110 section 5.6.2).
inline constexpr std::array<bool, 256> token_bytes = [] {
  std::array<bool, 256> table{};
  for (unsigned byte = '0'; byte <= '9'; ++byte) table[byte] = true;
  for (unsigned byte = 'A'; byte <= 'Z'; ++byte) table[byte] = true;
  for (unsigned byte = 'a'; byte <= 'z'; ++byte) table[byte] = true;
  for (const char mark : std::string_view("!#$%&'*+-.^_`|~")) {
    table[static_cast<unsigned char>(mark)] = true;
  }
  return table;
}();

}  // namespace detail

/// Whether `text` is a token (RFC 9110 section 5.6.2): not empty, and only `tchar`.
constexpr bool is_token(std::string_view text) noexcept {
  // Nearly all are: not to ask at each byte is less.
  bool all = !text.empty();
  for (const char character : text)
    all &= detail::token_bytes[static_cast<unsigned char>(character)];
  return all;
}

/// Whether `text` may be a field value: no control byte but the tab (RFC 9110 section 5.5).
bool is_field_value(std::string_view text) noexcept;

/// A field line of constants, which is found to be one when the program is compiled.
class ConstantField {
 public:
  consteval ConstantField(std::string_view name, std::string_view value) : line_{name, value} {
    if (!is_token(name)) throw "the name is no token";
    for (const char character : value) {
      if (character < ' ' || character > '~') throw "the value is not of printable ASCII";
    }
  }

  const FieldView& line() const noexcept { return line_; }

 private:
  FieldView line_;
};

/// Field lines that own their text; what a response or an outgoing request carries. A range of
/// `FieldView`s, which hold until it is changed or moved. All lines share one piece of memory.
class Fields {
 public:
  class Iterator;

  Iterator begin() const noexcept;
  Iterator end() const noexcept;
  bool empty() const noexcept { return lines_.empty(); }

  /// Adds a line behind the others. Throws std::invalid_argument when `name` is not a token or
  /// `value` holds a control byte (CR and LF would let its writer add fields or a response), and
  /// std::length_error for more than 4 GiB of either.
  void add(std::string_view name, std::string_view value);
  /// The same, copied too, with nothing left to be checked.
  void add(const ConstantField& field) { append(field.line()); }

  /// Replaces all lines named `name` by one, behind the others. Throws as `add` does.
  void set(std::string_view name, std::string_view value);

  /// Removes all lines named `name`.
  void remove(std::string_view name);

  /// The value of the first line named `name`, until this is changed or moved; nullopt when there
  /// is none.
  std::optional<std::string_view> find(std::string_view name) const noexcept;
  bool contains(std::string_view name) const noexcept { return find(name).has_value(); }

 private:
  /// Stands before each line's name and value.
  struct Sizes {
    std::uint32_t name;
    std::uint32_t value;

    std::size_t of_line() const noexcept { return sizeof(Sizes) + name + value; }
  };

  void append(const FieldView& line);
  void remove_among(std::size_t bytes, std::string_view name) noexcept;

  std::string lines_;
};

/// A forward iterator.
class Fields::Iterator {
 public:
  using value_type = FieldView;
  using difference_type = std::ptrdiff_t;

  Iterator() noexcept = default;

  FieldView operator*() const noexcept {
    const Sizes sizes = this->sizes();
    const char* const name = at_ + sizeof(Sizes);
    return {{name, sizes.name}, {name + sizes.name, sizes.value}};
  }
  Iterator& operator++() noexcept {
    at_ += sizes().of_line();
    return *this;
  }
  Iterator operator++(int) noexcept {
    const Iterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(Iterator, Iterator) noexcept = default;

 private:
  friend class Fields;
  explicit Iterator(const char* at) noexcept : at_(at) {}

  Sizes sizes() const noexcept {
    Sizes sizes;
    std::memcpy(&sizes, at_, sizeof sizes);
    return sizes;
  }

  const char* at_ = nullptr;
};

inline Fields::Iterator Fields::begin() const noexcept {
  return Iterator(lines_.data());
}

inline Fields::Iterator Fields::end() const noexcept {
  return Iterator(lines_.data() + lines_.size());
}

}  // namespace duplex::http

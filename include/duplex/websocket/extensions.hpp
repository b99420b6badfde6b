#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

#include <duplex/http/fields.hpp>

namespace duplex::websocket {

/// How many extensions one handshake may list, in all its lines together. Browsers list one; a
/// program that falls back from one set of parameters to another lists a handful.
inline constexpr std::size_t extension_count_max = 16;

/// How many parameters one extension may have; permessage-deflate knows four.
inline constexpr std::size_t extension_parameter_count_max = 16;

/// The value of a parameter: always a token, also where it is written as a quoted string (RFC 6455
/// section 9.1). As no token has a backslash in it, the token is what is written between the
/// quotes, without its backslashes, whatever they escape; so nothing is copied to read it.
class ExtensionValue {
 public:
  /// `written`: a token, or the inside of a quoted string. Viewed, not copied.
  explicit constexpr ExtensionValue(std::string_view written) noexcept : written_(written) {}

  /// As it came, without quotes; of a quoted string perhaps with backslashes.
  constexpr std::string_view written() const noexcept { return written_; }

  /// Whether the value is `token`; values differ by case.
  bool operator==(std::string_view token) const noexcept;

 private:
  std::string_view written_;
};

/// `name` or `name=value`.
struct ExtensionParameter {
  std::string_view name;
  std::optional<ExtensionValue> value;
};

/// One element of Sec-WebSocket-Extensions; views into the field lines.
class Extension {
 public:
  explicit Extension(std::string_view name) noexcept : name_(name) {}

  std::string_view name() const noexcept { return name_; }

  /// In the order in which they came; a name may stand there more than once. Holds as long as the
  /// extension is there, and unchanged.
  std::span<const ExtensionParameter> parameters() const noexcept {
    return std::span(parameters_).first(count_);
  }

  /// Whether there was room for it.
  bool add(ExtensionParameter parameter) noexcept;

 private:
  std::string_view name_;
  std::array<ExtensionParameter, extension_parameter_count_max> parameters_{};
  std::size_t count_ = 0;
};

/// Why a list of extensions is not read any further.
enum class ExtensionError : std::uint8_t {
  malformed,            ///< RFC 6455 section 9.1: it does not follow the grammar
  too_many_extensions,  ///< more than `extension_count_max`
  too_many_parameters,  ///< one has more than `extension_parameter_count_max`
};

/// How many errors there are; their values run from 0 to this, exclusive.
inline constexpr std::size_t extension_error_count = 3;

/// Reads what all Sec-WebSocket-Extensions lines of a head list, one after another (RFC 6455
/// section 9.1). Knows the grammar, and no extension. Empty elements are passed over, as in any
/// list (RFC 9110 section 5.6.1.2); blanks may stand around `;` and `=`, too, where the grammar of
/// RFC 2616 has them implied.
class ExtensionReader {
 public:
  /// The lines must outlive the reader and what it returns.
  explicit ExtensionReader(http::FieldsView fields) noexcept : fields_(fields) {}

  /// The next extension; nullopt at the end. After an error there are only more of it.
  std::expected<std::optional<Extension>, ExtensionError> next() noexcept;

 private:
  /// Goes to the next element that is not empty; false at the end.
  bool find_element() noexcept;

  http::FieldsView fields_;
  std::size_t next_line_ = 0;
  std::string_view rest_;  ///< of the line before that
  std::size_t count_ = 0;
  std::optional<ExtensionError> error_;
};

/// Whether all lines can be read to their end; the error, if not.
std::expected<void, ExtensionError> check_extensions(http::FieldsView fields) noexcept;

}  // namespace duplex::websocket

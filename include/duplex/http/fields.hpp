#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

/// Field lines that own their text; what a response or an outgoing request carries.
class Fields {
 public:
  struct Line {
    std::string name;
    std::string value;
  };

  /// Adds a line behind the others. Throws std::invalid_argument when `name` is not a token or
  /// `value` holds a control byte (CR and LF would let its writer add fields or a response).
  void add(std::string_view name, std::string_view value);

  /// Replaces all lines named `name` by one. Throws as `add` does.
  void set(std::string_view name, std::string_view value);

  /// Removes all lines named `name`.
  void remove(std::string_view name);

  std::optional<std::string_view> find(std::string_view name) const noexcept;
  bool contains(std::string_view name) const noexcept { return find(name).has_value(); }
  std::span<const Line> lines() const noexcept { return lines_; }

 private:
  std::vector<Line> lines_;
};

/// Whether `text` is a token (RFC 9110 section 5.6.2): not empty, and only `tchar`.
bool is_token(std::string_view text) noexcept;

/// Whether `text` may be a field value: no control byte but the tab (RFC 9110 section 5.5).
bool is_field_value(std::string_view text) noexcept;

}  // namespace duplex::http

#pragma once

#include <string>
#include <system_error>

namespace duplex {

/// The category of an enumeration that begins with 0. Since no error code's value may be 0, which
/// would be none, they are counted from 1; `code_of` does so, too. A message is what `describe`
/// says, without its full stop, if it has one.
template <class Enumeration>
class EnumerationCategory final : public std::error_category {
 public:
  /// `name` is static.
  explicit constexpr EnumerationCategory(const char* name) noexcept : name_(name) {}

  const char* name() const noexcept override { return name_; }

  std::string message(int value) const override {
    std::string text(describe(static_cast<Enumeration>(value - 1)));
    if (text.ends_with('.')) text.pop_back();
    return text;
  }

 private:
  const char* name_;
};

/// The code of `error` in `category`, its EnumerationCategory.
template <class Enumeration>
std::error_code code_of(Enumeration error, const std::error_category& category) noexcept {
  return {static_cast<int>(error) + 1, category};
}

}  // namespace duplex

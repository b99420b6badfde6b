#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace duplex::http {

/// The `name=value` pairs of a query or a urlencoded form, as views of the encoded text, which must
/// outlive it. Pairs are separated by `&`; empty ones are skipped; one without `=` has no value.
class QueryView {
 public:
  /// A pair as it came, still encoded.
  struct Pair {
    std::string_view name;
    std::string_view value;
    bool operator==(const Pair&) const = default;
  };

  class Iterator {
   public:
    using value_type = Pair;
    using difference_type = std::ptrdiff_t;

    Iterator() noexcept = default;
    explicit Iterator(std::string_view rest) noexcept : rest_(rest) { advance(); }
    const Pair& operator*() const noexcept { return pair_; }
    const Pair* operator->() const noexcept { return &pair_; }
    Iterator& operator++() noexcept {
      advance();
      return *this;
    }
    Iterator operator++(int) noexcept {
      Iterator before = *this;
      advance();
      return before;
    }
    bool operator==(std::default_sentinel_t) const noexcept { return at_end_; }

   private:
    void advance() noexcept;

    std::string_view rest_;
    Pair pair_;
    bool at_end_ = false;
  };

  /// `query` is what stands behind the `?`, or the content of a form.
  explicit QueryView(std::string_view query) noexcept : query_(query) {}

  Iterator begin() const noexcept { return Iterator(query_); }
  static std::default_sentinel_t end() noexcept { return {}; }

  /// The decoded value of the first pair whose decoded name is `name`; nullopt when there is none,
  /// or when its value has a bad escape.
  std::optional<std::string> find(std::string_view name) const;

  /// The decoded values of all pairs named `name`, but for those with a bad escape.
  std::vector<std::string> all(std::string_view name) const;

  /// Whether there is a pair named `name`, with or without a value.
  bool contains(std::string_view name) const noexcept;

 private:
  std::string_view query_;
};

/// One decoded pair of a form.
struct FormEntry {
  std::string name;
  std::string value;
  bool operator==(const FormEntry&) const = default;
};

/// The pairs of application/x-www-form-urlencoded content, in their order. nullopt when there is a
/// bad escape, or more than `count_max` pairs (1000 is what PHP and Express allow by default).
std::optional<std::vector<FormEntry>> parse_form(std::string_view content,
                                                 std::size_t count_max = 1000);

/// The form as urlencoded text; what `parse_form` reads.
std::string format_form(const std::vector<FormEntry>& entries);

}  // namespace duplex::http

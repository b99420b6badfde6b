#include <algorithm>
#include <array>
#include <chrono>

#include <duplex/base/ascii.hpp>
#include <duplex/http/date.hpp>

namespace duplex::http {

namespace {

using std::chrono::day;
using std::chrono::days;
using std::chrono::month;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr std::array<std::string_view, 7> weekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                      "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

constexpr std::int64_t earliest =
    sys_seconds(sys_days(year(0) / std::chrono::January / 1)).time_since_epoch().count();
constexpr std::int64_t latest =
    sys_seconds(sys_days(year(10000) / std::chrono::January / 1)).time_since_epoch().count() - 1;

void write_digits(char* out, std::size_t count, unsigned value) noexcept {
  for (std::size_t i = count; i > 0; --i, value /= 10)
    out[i - 1] = static_cast<char>('0' + value % 10);
}

/// Takes parts of a date off the front of a text. Once a part is not there, nothing is.
class DateReader {
 public:
  explicit DateReader(std::string_view text) noexcept : text_(text) {}

  void literal(std::string_view expected) noexcept {
    if (!text_.starts_with(expected)) return fail();
    text_.remove_prefix(expected.size());
  }

  int digits(std::size_t count) noexcept {
    if (text_.size() < count) return fail(), 0;
    const auto value = parse_decimal(text_.substr(0, count));
    if (!value) return fail(), 0;
    text_.remove_prefix(count);
    return static_cast<int>(*value);
  }

  /// asctime's day of the month, which has a space before a single digit.
  int padded_day() noexcept {
    if (!text_.starts_with(' ')) return digits(2);
    literal(" ");
    return digits(1);
  }

  /// Whether the whole name of a weekday is there (RFC 850), not only its first three letters.
  bool weekday() noexcept {
    for (std::string_view const name : weekdays) {
      if (text_.starts_with(name)) return literal(name), true;
    }
    for (std::string_view const name : weekdays) {
      if (text_.starts_with(name.substr(0, 3))) return literal(name.substr(0, 3)), false;
    }
    return fail(), false;
  }

  int month_name() noexcept {
    for (std::size_t i = 0; i < months.size(); ++i) {
      if (text_.starts_with(months[i])) return literal(months[i]), static_cast<int>(i) + 1;
    }
    return fail(), 0;
  }

  void clock() noexcept {
    hour = digits(2);
    literal(":");
    minute = digits(2);
    literal(":");
    second = digits(2);
  }

  bool next_is(char character) const noexcept { return text_.starts_with(character); }
  bool read_all() const noexcept { return !failed_ && text_.empty(); }

  int hour = 0;
  int minute = 0;
  int second = 0;

 private:
  void fail() noexcept {
    failed_ = true;
    text_ = {};
  }

  std::string_view text_;
  bool failed_ = false;
};

/// The year that ends in these two digits and is at most 50 years after now.
int full_year(int two_digits, std::int64_t now_unix_s) noexcept {
  const std::int64_t now = std::clamp(now_unix_s, earliest, latest);
  const auto today = std::chrono::floor<days>(sys_seconds(seconds(now)));
  const int this_year = static_cast<int>(year_month_day(today).year());
  const int candidate = this_year - this_year % 100 + two_digits;
  if (candidate > this_year + 50) return candidate - 100;
  if (candidate <= this_year - 50) return candidate + 100;
  return candidate;
}

}  // namespace

void format_date(std::int64_t unix_s, std::span<char, date_size> out) noexcept {
  const sys_seconds time(seconds(std::clamp(unix_s, earliest, latest)));
  const sys_days date = std::chrono::floor<days>(time);
  const year_month_day parts(date);
  const auto clock = static_cast<unsigned>((time - date).count());

  std::ranges::copy(std::string_view("Sun, 06 Nov 1994 08:49:37 GMT"), out.begin());
  weekdays[std::chrono::weekday(date).c_encoding()].copy(&out[0], 3);
  write_digits(&out[5], 2, static_cast<unsigned>(parts.day()));
  months[static_cast<unsigned>(parts.month()) - 1].copy(&out[8], 3);
  write_digits(&out[12], 4, static_cast<unsigned>(static_cast<int>(parts.year())));
  write_digits(&out[17], 2, clock / 3600);
  write_digits(&out[20], 2, clock / 60 % 60);
  write_digits(&out[23], 2, clock % 60);
}

std::string format_date(std::int64_t unix_s) {
  std::string result(date_size, ' ');
  format_date(unix_s, std::span<char, date_size>(result.data(), date_size));
  return result;
}

std::optional<std::int64_t> parse_date(std::string_view text, std::int64_t now_unix_s) noexcept {
  DateReader in(text);
  int year_number = 0;
  int month_number = 0;
  int day_number = 0;

  const bool whole_weekday = in.weekday();
  if (!in.next_is(',')) {
    in.literal(" ");  // asctime: Sun Nov  6 08:49:37 1994
    month_number = in.month_name();
    in.literal(" ");
    day_number = in.padded_day();
    in.literal(" ");
    in.clock();
    in.literal(" ");
    year_number = in.digits(4);
  } else if (whole_weekday) {
    in.literal(", ");  // RFC 850: Sunday, 06-Nov-94 08:49:37 GMT
    day_number = in.digits(2);
    in.literal("-");
    month_number = in.month_name();
    in.literal("-");
    year_number = full_year(in.digits(2), now_unix_s);
    in.literal(" ");
    in.clock();
    in.literal(" GMT");
  } else {
    in.literal(", ");  // IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT
    day_number = in.digits(2);
    in.literal(" ");
    month_number = in.month_name();
    in.literal(" ");
    year_number = in.digits(4);
    in.literal(" ");
    in.clock();
    in.literal(" GMT");
  }
  if (!in.read_all()) return std::nullopt;

  const year_month_day date(year(year_number), month(static_cast<unsigned>(month_number)),
                            day(static_cast<unsigned>(day_number)));
  // 60 is a leap second (RFC 9110 section 5.6.7), and for us the first of the next minute.
  if (!date.ok() || in.hour > 23 || in.minute > 59 || in.second > 60) return std::nullopt;
  const auto clock =
      std::chrono::hours(in.hour) + std::chrono::minutes(in.minute) + seconds(in.second);
  return (sys_seconds(sys_days(date)) + clock).time_since_epoch().count();
}

}  // namespace duplex::http

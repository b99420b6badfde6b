#include "readable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <span>
#include <string_view>
#include <variant>

#include "transcript.hpp"

namespace duplex::app::bench {
namespace {

struct Unit {
  double size;
  std::string_view name;
};

constexpr std::array durations = {Unit{1, "ns"}, Unit{1e3, "µs"}, Unit{1e6, "ms"}, Unit{1e9, "s"}};
constexpr std::array numbers = {Unit{1, ""}, Unit{1e3, "k"}, Unit{1e6, "M"}, Unit{1e9, "G"}};
constexpr double kibi = 1024;
constexpr std::array sizes = {Unit{1, "B"}, Unit{kibi, "KiB"}, Unit{kibi * kibi, "MiB"},
                              Unit{kibi * kibi * kibi, "GiB"}};

/// Three digits, or all before the point.
int decimals_of(double number) {
  if (number >= 99.95) return 0;
  return number >= 9.995 ? 1 : 2;
}

/// The largest unit of which there is one when rounded to three digits.
const Unit& unit_of(double number, std::span<const Unit> units) {
  const Unit* unit = &units.front();
  for (const Unit& next : units) {
    if (number >= next.size * 0.9995) unit = &next;
  }
  return *unit;
}

/// Without zeros at the end of the fraction.
std::string shortened(double number, std::span<const Unit> units) {
  if (number == 0) return "0";
  const Unit& unit = unit_of(number, units);
  const double in_unit = number / unit.size;
  std::string text = fmt::format("{:.{}f}", in_unit, decimals_of(in_unit));
  if (text.contains('.')) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
  }
  return unit.name.empty() ? text : fmt::format("{} {}", text, unit.name);
}

std::uint64_t whole(double number) {
  return static_cast<std::uint64_t>(std::llround(std::max(number, 0.0)));
}

std::string in_unit(Requirement::Unit unit, double figure) {
  switch (unit) {
    case Requirement::Unit::per_second: return readable_number(figure) + "/s";
    case Requirement::Unit::nanoseconds: return readable_duration(whole(figure));
    case Requirement::Unit::bytes: return readable_size(whole(figure));
    case Requirement::Unit::count: return readable_count(whole(figure));
    case Requirement::Unit::share: return precise_share(figure);
  }
  return "";
}

}  // namespace

std::string readable_count(std::uint64_t number) {
  std::string text = fmt::format("{}", number);
  for (std::size_t place = text.size(); place > 3;) text.insert(place -= 3, ",");
  return text;
}

std::string readable_number(double number) {
  const int decimals = decimals_of(number);
  if (decimals > 0 && number > 0) return fmt::format("{:.{}f}", number, decimals);
  return readable_count(static_cast<std::uint64_t>(std::llround(number)));
}

std::string readable_duration(std::uint64_t ns) {
  const auto number = static_cast<double>(ns);
  const Unit& unit = unit_of(number, durations);
  if (unit.size == 1) return fmt::format("{} {}", ns, unit.name);
  return fmt::format("{} {}", readable_number(number / unit.size), unit.name);
}

std::string short_duration(double ns) {
  return shortened(ns, durations);
}

std::string short_number(double number) {
  return shortened(number, numbers);
}

std::string short_size(double bytes) {
  return shortened(bytes, sizes);
}

std::string readable_share(double share) {
  const double percent = std::round(100 * share);
  return fmt::format("{:.0f} %", share < 1 ? std::min(percent, 99.0) : percent);
}

std::string precise_share(double share) {
  // What is more rounds to 100.
  constexpr double less_than_all = 99.9;
  const double percent = share < 1 ? std::min(100 * share, less_than_all) : 100 * share;
  const bool fits = percent >= 0.01 || percent == 0;
  return (fits ? readable_number(percent) : fmt::format("{:.1g}", percent)) + " %";
}

std::string readable_judgement(const Judgement& judgement) {
  const Requirement& requirement = judgement.requirement;
  std::string actual = requirement.figure == Requirement::Figure::memory
                           ? "the server has not grown"
                           : "nothing was measured";
  if (judgement.actual) actual = in_unit(requirement.unit(), *judgement.actual);
  return fmt::format("{}: {}", judgement.held() ? "held" : "not held", actual);
}

std::string readable_option(const Option& option) {
  return std::visit(
      [&option](const auto& value) { return fmt::format("{}{}", value, option.unit); },
      option.value);
}

std::string readable_options(const Result& result) {
  std::string text;
  for (const Option& option : result.options) {
    const bool* const flag = std::get_if<bool>(&option.value);
    const std::string value = flag == nullptr ? readable_option(option) : "";
    if (flag == nullptr ? value.empty() : !*flag) continue;
    if (!text.empty()) text += ", ";
    text += option.name;
    if (flag == nullptr) text += " " + value;
  }
  return text;
}

}  // namespace duplex::app::bench

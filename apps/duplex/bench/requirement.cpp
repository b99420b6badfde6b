#include "requirement.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include "quantity.hpp"
#include "result.hpp"
#include <duplex/base/ascii.hpp>

namespace duplex::app::bench {
namespace {

using Figure = Requirement::Figure;
using Relation = Requirement::Relation;
using Unit = Requirement::Unit;

constexpr std::string_view handshake_prefix = "handshake-";

struct Name {
  std::string_view name;
  Figure figure;
  double percent = 0;
};

constexpr std::array names = {
    Name{"rate", Figure::rate},           Name{"opening-rate", Figure::opening_rate},
    Name{"min", Figure::percentile, 0},   Name{"mean", Figure::mean},
    Name{"max", Figure::percentile, 100}, Name{"cpu", Figure::cpu},
    Name{"memory", Figure::memory},       Name{"errors", Figure::errors},
    Name{"lost", Figure::lost},
};

bool is_of_durations(Figure figure) noexcept {
  return figure == Figure::mean || figure == Figure::percentile;
}

/// `p99.9`.
std::optional<double> parse_percentile(std::string_view name) {
  if (!name.starts_with('p')) return std::nullopt;
  name.remove_prefix(1);
  double percent = 0;
  const auto [end, error] =
      std::from_chars(name.data(), name.data() + name.size(), percent, std::chars_format::fixed);
  if (error != std::errc() || end != name.data() + name.size() ||
      !(percent >= 0 && percent <= 100)) {
    return std::nullopt;
  }
  return percent;
}

/// Puts what is looked at into `requirement`; false for what there is not.
bool take_name(Requirement& requirement, std::string_view name) {
  if (name.starts_with(handshake_prefix)) {
    requirement.of_handshakes = true;
    name.remove_prefix(handshake_prefix.size());
  }
  if (const auto percent = parse_percentile(name)) {
    requirement.figure = Figure::percentile;
    requirement.percent = *percent;
    return true;
  }
  for (const Name& each : names) {
    if (each.name != name) continue;
    requirement.figure = each.figure;
    requirement.percent = each.percent;
    return !requirement.of_handshakes || is_of_durations(each.figure);
  }
  return false;
}

std::expected<double, std::string> parse_fault_count(std::string_view text) {
  const auto count = parse_decimal(text);
  if (!count) {
    return std::unexpected(
        fmt::format("\"{}\" is neither a count nor a share; write a whole number, or one with %, "
                    "such as 10 or 0.1%",
                    text));
  }
  return static_cast<double>(*count);
}

std::expected<double, std::string> parse_limit(Unit unit, std::string_view text) {
  switch (unit) {
    case Unit::per_second: return parse_rate(text);
    case Unit::nanoseconds: {
      const auto time = parse_latency(text);
      if (!time) return std::unexpected(time.error());
      return time->count();
    }
    case Unit::bytes: {
      const auto size = parse_size(text);
      if (!size) return std::unexpected(size.error());
      return static_cast<double>(*size);
    }
    case Unit::count: return parse_fault_count(text);
    case Unit::share: return parse_share(text);
  }
  std::unreachable();
}

std::optional<double> duration_of(const Requirement& requirement, const Tally& total) {
  const Histogram& histogram = requirement.of_handshakes ? total.handshake : total.latency;
  if (histogram.empty()) return std::nullopt;
  if (requirement.figure == Figure::mean) return histogram.mean();
  return static_cast<double>(histogram.at_percentile(requirement.percent));
}

std::optional<double> unless_zero(double figure) {
  return figure > 0 ? std::optional(figure) : std::nullopt;
}

/// So many of what was asked for, as the requirement wants it. Nobody knows a part of nothing.
std::optional<double> faults_of(const Requirement& requirement, std::uint64_t faults,
                                const Result& result) {
  const auto number = static_cast<double>(faults);
  if (!requirement.is_share) return number;
  if (result.asked_for() == 0) return std::nullopt;
  return number / static_cast<double>(result.asked_for());
}

std::optional<double> actual_of(const Requirement& requirement, const Result& result) {
  switch (requirement.figure) {
    case Figure::rate: return unless_zero(result.messages_per_second());
    case Figure::opening_rate: return unless_zero(result.connections_per_second());
    case Figure::mean:
    case Figure::percentile: return duration_of(requirement, result.total);
    case Figure::cpu:
      // A process that has used no time does not answer, or for less than the system tells apart.
      return unless_zero(result.message_cost().value_or(MessageCost{}).cpu_ns());
    case Figure::memory:
      return result.server ? result.server->memory_bytes_per_connection() : std::nullopt;
    case Figure::errors:
      return faults_of(requirement,
                       requirement.is_share ? result.errors_of_asked() : result.errors_but_lost(),
                       result);
    case Figure::lost: return faults_of(requirement, result.lost(), result);
  }
  return std::nullopt;
}

}  // namespace

Requirement::Unit Requirement::unit() const noexcept {
  switch (figure) {
    case Figure::rate:
    case Figure::opening_rate: return Unit::per_second;
    case Figure::mean:
    case Figure::percentile:
    case Figure::cpu: return Unit::nanoseconds;
    case Figure::memory: return Unit::bytes;
    case Figure::errors:
    case Figure::lost: return is_share ? Unit::share : Unit::count;
  }
  return Unit::per_second;
}

bool Requirement::of_messages() const noexcept {
  return figure == Figure::rate || figure == Figure::cpu ||
         (is_of_durations(figure) && !of_handshakes);
}

bool Requirement::of_fanout() const noexcept {
  return figure == Figure::lost;
}

bool Requirement::of_faults() const noexcept {
  return figure == Figure::errors || figure == Figure::lost;
}

bool Requirement::of_server() const noexcept {
  return figure == Figure::cpu || figure == Figure::memory;
}

std::expected<Requirement, std::string> parse_requirement(std::string_view text) {
  text = trim(text);
  Requirement requirement{.text = std::string(text)};
  const std::size_t sign = text.find_first_of("<>");
  if (sign == std::string_view::npos) {
    return std::unexpected(
        fmt::format("\"{}\" has no <, <=, > or >=; write 'p99<5ms' or 'rate>=10k'", text));
  }
  if (!take_name(requirement, trim(text.substr(0, sign)))) {
    return std::unexpected(
        fmt::format("\"{}\" begins with nothing that is measured; there are rate, opening-rate, "
                    "min, mean, max, p50, p99.9 and the like, these with handshake- before them, "
                    "cpu, memory, errors and lost",
                    text));
  }
  const bool equal = text.substr(sign + 1).starts_with('=');
  if (text[sign] == '<') {
    requirement.relation = equal ? Relation::at_most : Relation::less;
  } else {
    if (requirement.of_faults()) {
      return std::unexpected(
          fmt::format("\"{}\" asks for faults; write < or <=, for how many there may be", text));
    }
    requirement.relation = equal ? Relation::at_least : Relation::more;
  }
  const std::string_view limit_text = trim(text.substr(sign + (equal ? 2 : 1)));
  // No other figure has a limit that is one.
  requirement.is_share = limit_text.ends_with('%');
  const auto limit = parse_limit(requirement.unit(), limit_text);
  if (!limit) return std::unexpected(limit.error());
  requirement.limit = *limit;
  if (requirement.relation == Relation::less && requirement.limit == 0) {
    return std::unexpected(
        fmt::format("nothing is less than that of \"{}\"; write <= for none", text));
  }
  return requirement;
}

bool Judgement::held() const noexcept {
  if (!actual) return false;
  switch (requirement.relation) {
    case Relation::less: return *actual < requirement.limit;
    case Relation::at_most: return *actual <= requirement.limit;
    case Relation::more: return *actual > requirement.limit;
    case Relation::at_least: return *actual >= requirement.limit;
  }
  return false;
}

Judgement judge(const Requirement& requirement, const Result& result) {
  return {.requirement = requirement, .actual = actual_of(requirement, result)};
}

}  // namespace duplex::app::bench

#include "result.hpp"

#include <algorithm>

#include "error_kind.hpp"

namespace duplex::app::bench {
namespace {

/// Of the measured time: what is busier than this had no more to give.
constexpr double busy_at_limit = 0.95;
/// A thread that waits for a processor for longer than this shares it with others.
constexpr double waiting_max = 0.1;
/// Of the rate that was asked for.
constexpr double share_of_kept_rate = 0.99;

double ratio(double of, double to) noexcept {
  return to > 0 ? of / to : 0;
}

}  // namespace

std::string_view name(Mode mode) noexcept {
  switch (mode) {
    case Mode::echo: return "echo";
    case Mode::fanout: return "fanout";
    case Mode::idle: return "idle";
    case Mode::connect: return "connect";
    case Mode::request: return "request";
  }
  return "";
}

std::string_view messages_name(Mode mode) noexcept {
  switch (mode) {
    case Mode::echo: return "messages";
    case Mode::fanout: return "deliveries";
    case Mode::idle: return "messages";
    case Mode::connect: return "handshakes";
    case Mode::request: return "responses";
  }
  return "";
}

std::string_view name(LimitedBy limit) noexcept {
  switch (limit) {
    case LimitedBy::unknown: return "unknown";
    case LimitedBy::load: return "load";
    case LimitedBy::server: return "server";
    case LimitedBy::rate: return "rate";
    case LimitedBy::machine: return "machine";
  }
  return "";
}

bool LoadCost::waits() const noexcept {
  return waiting > waiting_max;
}

double LoadCost::busiest() const noexcept {
  return busy.empty() ? 0 : *std::ranges::max_element(busy);
}

std::optional<double> ServerCost::memory_bytes_per_connection() const noexcept {
  if (connections == 0 || memory_bytes <= memory_before_bytes) return std::nullopt;
  return static_cast<double>(memory_bytes - memory_before_bytes) / static_cast<double>(connections);
}

double Result::messages_per_second() const noexcept {
  return ratio(static_cast<double>(total.received), seconds);
}

double Result::kept_rate() const noexcept {
  if (!fanout) return messages_per_second();
  const auto due = static_cast<double>(fanout->delivered + fanout->lost);
  const double in_time = ratio(static_cast<double>(total.received), due);
  return ratio(static_cast<double>(fanout->published) * in_time, seconds);
}

double Result::connections_per_second() const noexcept {
  return ratio(static_cast<double>(opening_count), opening_seconds);
}

std::optional<MessageCost> Result::message_cost() const noexcept {
  if (!server || total.received == 0) return std::nullopt;
  const double each_ns = 1e9 / static_cast<double>(total.received);
  return MessageCost{.user_ns = server->user_seconds * each_ns,
                     .system_ns = server->system_seconds * each_ns};
}

bool Result::has_measured() const noexcept {
  return (mode == Mode::idle ? total.connections_opened : total.received) > 0;
}

std::uint64_t Result::errors_but_lost() const noexcept {
  const std::uint64_t all = total.errors.total();
  return all - std::min(all, lost());
}

std::uint64_t Result::errors_of_asked() const noexcept {
  const std::uint64_t errors = errors_but_lost();
  if (mode == Mode::connect || mode == Mode::idle) return errors;
  return errors - std::min(errors, total.errors_of_warmup);
}

std::uint64_t Result::asked_for() const noexcept {
  const std::uint64_t unsent = total.errors.of(error_kind::not_sent);
  if (fanout) return fanout->delivered + fanout->lost + unsent;
  if (mode == Mode::echo || mode == Mode::request) return total.sent + unsent;
  return total.connections_opened + total.connections_failed;
}

bool Result::is_required(Requirement::Figure figure) const noexcept {
  return std::ranges::any_of(required, [figure](const Judgement& judgement) {
    return judgement.requirement.figure == figure;
  });
}

bool Result::good() const noexcept {
  using Figure = Requirement::Figure;
  return has_measured() && (errors_but_lost() == 0 || is_required(Figure::errors)) &&
         (lost() == 0 || is_required(Figure::lost)) &&
         std::ranges::none_of(total.errors.kinds(), error_kind::is_never_allowed,
                              &ErrorCount::kind) &&
         std::ranges::all_of(required, &Judgement::held);
}

LimitedBy limit_of(const Result& result) noexcept {
  // The last message may have been due right behind the end.
  const double one = ratio(1, result.seconds);
  if (result.rate && result.kept_rate() + one >= share_of_kept_rate * *result.rate) {
    return LimitedBy::rate;
  }
  if (result.server && result.server->busy > busy_at_limit) return LimitedBy::server;
  if (result.load.busiest() > busy_at_limit) return LimitedBy::load;
  if (result.load.waits()) return LimitedBy::machine;
  return LimitedBy::unknown;
}

}  // namespace duplex::app::bench

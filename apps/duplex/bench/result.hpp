#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "requirement.hpp"
#include "tally.hpp"

namespace duplex::app::bench {

/// What is measured.
enum class Mode : std::uint8_t { echo, fanout, idle, connect, request };

/// `echo`, as on the command line.
std::string_view name(Mode mode) noexcept;

/// What a message is called in this mode: `messages`, `deliveries`, `handshakes`, `responses`.
std::string_view messages_name(Mode mode) noexcept;

/// An option as it was in force, for the reports: `{"duration", 10.0, " s"}`.
struct Option {
  std::string name;
  std::variant<bool, std::int64_t, double, std::string> value;
  /// What people read behind the value: ` s`, ` B`, `/s`, a literal. Programs get the number alone.
  std::string_view unit = {};
};

/// A short stretch of the measured time.
struct Slice {
  double from_s = 0;
  double seconds = 0;
  std::uint64_t messages = 0;
  /// Of payload, received.
  std::uint64_t bytes = 0;
  std::uint64_t errors = 0;
  /// Of the messages; 0 when there were none.
  std::uint64_t p50_ns = 0;
  std::uint64_t p99_ns = 0;
  std::uint64_t max_ns = 0;
  /// Connections that were open at its end.
  std::uint64_t connections = 0;
  /// Of the server process at its end, where that is known.
  std::optional<std::uint64_t> memory_bytes = {};
};

/// What the load itself took.
struct LoadCost {
  double cpu_seconds = 0;
  /// Of each thread: its share of the measured time on a processor, from 0 to 1.
  std::vector<double> busy = {};
  /// Of the one that had to wait most for a processor: its share of the time for that.
  double waiting = 0;

  bool waits() const noexcept;
  double busiest() const noexcept;
};

/// What the server process took, with its children.
struct ServerCost {
  int pid = 0;
  double user_seconds = 0;
  double system_seconds = 0;
  /// The share of the measured time that its busiest thread was on a processor, from 0 to 1.
  double busy = 0;
  /// Private memory before the connections were opened, and when all were.
  std::uint64_t memory_before_bytes = 0;
  std::uint64_t memory_bytes = 0;
  /// How many were open then.
  std::uint64_t connections = 0;

  double cpu_seconds() const noexcept { return user_seconds + system_seconds; }
  /// nullopt without connections, or when there is no more memory than before: what was there from
  /// earlier connections is not of these.
  std::optional<double> memory_bytes_per_connection() const noexcept;
};

/// Processor time of the server's process for one message.
struct MessageCost {
  double user_ns = 0;
  double system_ns = 0;

  double cpu_ns() const noexcept { return user_ns + system_ns; }
};

struct Fanout {
  std::uint64_t published = 0;
  std::uint64_t delivered = 0;
  /// Those that were due by the end and had not come; errors of a kind of their own, too.
  std::uint64_t lost = 0;
};

/// What kept the rate from being higher.
enum class LimitedBy : std::uint8_t { unknown, load, server, rate, machine };

/// `server`, as in the JSON report.
std::string_view name(LimitedBy limit) noexcept;

/// All that reports tell.
struct Result {
  Mode mode = Mode::echo;
  std::string url = {};
  /// What the user calls it; empty for the mode and the URL.
  std::string title = {};
  /// In UTC, as RFC 3339 writes it.
  std::string started = {};
  /// In the order in which they are to be shown.
  std::vector<Option> options = {};
  /// The measured time: without the opening of connections (but in modes that measure that) and
  /// without what runs before it to warm up.
  double seconds = 0;
  /// The messages a second that were asked for, all connections together, of those published in a
  /// fan-out; nullopt for as many as possible.
  std::optional<double> rate = {};
  /// Whether more --depth could let more messages go.
  bool deepens = false;
  /// Whether messages were sent compressed, and might come so.
  bool compressed = false;
  Tally total = {};
  /// How many connections were opened in which time, for their rate: at first, or all along where
  /// that is what is measured.
  std::uint64_t opening_count = 0;
  double opening_seconds = 0;
  /// How many connections could have resumed a TLS session, where that was asked for: all but the
  /// first ones.
  std::uint64_t resumable = 0;
  std::vector<Slice> timeline = {};
  LoadCost load = {};
  std::optional<ServerCost> server = {};
  std::optional<Fanout> fanout = {};
  LimitedBy limited_by = LimitedBy::unknown;
  /// In the order in which they were given.
  std::vector<Judgement> required = {};
  /// Whether the user has ended it early.
  bool interrupted = false;

  double messages_per_second() const noexcept;
  /// What `rate` asks for, as far as it was answered in time: where what is under way only grows,
  /// the rate was not kept.
  double kept_rate() const noexcept;
  double connections_per_second() const noexcept;
  /// How many handshakes were full ones that could have resumed a session.
  std::uint64_t not_resumed() const noexcept {
    return resumable - std::min(resumable, total.connections_resumed);
  }
  /// nullopt when the server's process is not known, or no message came.
  std::optional<MessageCost> message_cost() const noexcept;
  /// Whether there is anything to tell of.
  bool has_measured() const noexcept;
  /// Of a fan-out; 0 in other modes.
  std::uint64_t lost() const noexcept { return fanout ? fanout->lost : 0; }
  std::uint64_t errors_but_lost() const noexcept;
  /// Those of what `asked_for` counts: without what went wrong in the warm-up, but where that is
  /// about connections, all of which count.
  std::uint64_t errors_of_asked() const noexcept;
  /// What might have gone wrong: messages and requests that were sent or due, deliveries that were
  /// due, or, in modes about connections, attempts to open one.
  std::uint64_t asked_for() const noexcept;
  /// Whether a requirement says how many of these there may be.
  bool is_required(Requirement::Figure figure) const noexcept;
  /// Whether something was measured, all that was required held, and nothing went wrong but what a
  /// requirement allows, which none can of every kind (`error_kind::is_never_allowed`).
  bool good() const noexcept;
};

/// Decides from the rest of the result what its limit was.
///
/// rate: an open loop that came within 1 % of what was asked for. server: a thread of the server's
/// was on a processor for more than 95 % of the time; load: one of ours was, and none of the
/// server's, as far as is known. machine: none was, but one of ours waited for a processor for more
/// than 10 % of the time.
LimitedBy limit_of(const Result& result) noexcept;

}  // namespace duplex::app::bench

#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

/// What a run has to come to, for who wants an exit status of it, as in CI.
namespace duplex::app::bench {

struct Result;

/// `p99<5ms` and the like, as `--require` has it.
struct Requirement {
  enum class Figure : std::uint8_t {
    rate,          ///< messages a second
    opening_rate,  ///< connections opened a second
    mean,          ///< of the latencies, or of the handshakes
    percentile,    ///< of the same; also the smallest, 0, and the largest, 100
    cpu,           ///< time of the server for each message
    memory,        ///< bytes of the server for each connection
    errors,        ///< of all kinds, but in a fan-out `lost`
    lost,          ///< deliveries that were due and did not come
  };
  /// What a figure counts; a share is from 0 to 1.
  enum class Unit : std::uint8_t { per_second, nanoseconds, bytes, count, share };
  enum class Relation : std::uint8_t { less, at_most, more, at_least };

  /// As it was given.
  std::string text = {};
  Figure figure = Figure::rate;
  /// For `percentile`.
  double percent = 0;
  bool of_handshakes = false;
  /// Of faults: a part of what was asked for, not a number.
  bool is_share = false;
  Relation relation = Relation::less;
  /// In `unit`.
  double limit = 0;

  Unit unit() const noexcept;
  /// Whether it is about messages, which not all modes have.
  bool of_messages() const noexcept;
  /// Whether it is about what only a fan-out has.
  bool of_fanout() const noexcept;
  /// Whether it is about what goes wrong, of which there can't be too little.
  bool of_faults() const noexcept;
  /// Whether the server's process has to be known.
  bool of_server() const noexcept;

  friend bool operator==(const Requirement&, const Requirement&) = default;
};

/// Or a sentence that says what to write instead.
std::expected<Requirement, std::string> parse_requirement(std::string_view text);

/// What became of a requirement.
struct Judgement {
  Requirement requirement;
  /// nullopt when there was nothing to measure, which never is enough.
  std::optional<double> actual;

  bool held() const noexcept;
};

Judgement judge(const Requirement& requirement, const Result& result);

}  // namespace duplex::app::bench

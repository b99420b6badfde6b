#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "histogram.hpp"

namespace duplex::app::bench {

/// How often something went wrong, and what it looked like the first time.
struct ErrorCount {
  /// A few words, the same for all of a kind: `refused`, `handshake status 403`, `wrong content`.
  std::string kind;
  std::uint64_t count = 0;
  /// A sentence about one of them; empty when there is nothing to add.
  std::string example = {};
};

/// Errors by kind, in the order in which the kinds first appeared, until they are sorted. There are
/// few kinds.
class ErrorCounts {
 public:
  void add(std::string_view kind, std::string_view example = {}, std::uint64_t count = 1);
  void merge(const ErrorCounts& other);
  /// The most frequent first.
  void sort();

  const std::vector<ErrorCount>& kinds() const noexcept { return kinds_; }
  std::uint64_t total() const noexcept;
  std::uint64_t of(std::string_view kind) const noexcept;
  bool empty() const noexcept { return kinds_.empty(); }

 private:
  std::vector<ErrorCount> kinds_;
};

/// What one thread has counted, or what all have. A "message" is what the mode measures: an echo, a
/// delivery, a response, or a completed handshake.
///
/// It is for one thread; about 120 KiB.
struct Tally {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  /// Of payload, not of headers.
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  /// What the same took on the wire, where compression was agreed on; else 0. A message that
  /// whoever sent it did not compress counts as it is.
  std::uint64_t compressed_bytes_sent = 0;
  std::uint64_t compressed_bytes_received = 0;
  /// Answers to what was due in the measured time that came behind its end; not among `received`,
  /// which rates are reckoned with.
  std::uint64_t late = 0;
  /// What was due at a given rate and had no answer when it was no longer waited for; an error,
  /// too.
  std::uint64_t unanswered = 0;
  /// One value for each message received, in time or late; and for each that was unanswered, how
  /// long it was waited for.
  Histogram latency = {};

  std::uint64_t connections_opened = 0;
  /// Of these, whose TLS session went on from an earlier connection.
  std::uint64_t connections_resumed = 0;
  std::uint64_t connections_failed = 0;
  /// By the other end, before their time.
  std::uint64_t connections_closed = 0;
  /// From the first packet until messages may go: TCP, TLS and the upgrade together.
  Histogram handshake = {};

  ErrorCounts errors = {};
  /// How many of these came before the measured time, on connections that were open.
  std::uint64_t errors_of_warmup = 0;
  /// Responses by status.
  std::map<unsigned, std::uint64_t> statuses = {};

  void merge(const Tally& other);
};

}  // namespace duplex::app::bench

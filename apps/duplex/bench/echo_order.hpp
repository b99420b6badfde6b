#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "findings.hpp"
#include "messages.hpp"

namespace duplex::app::bench {

/// A message that came, as far as its content tells what it is.
struct Echo {
  /// Those of the round that it is the same as.
  std::bitset<Messages::count_max> same_as;
  std::size_t bytes = 0;
  std::uint64_t wire_bytes = 0;
  /// If it is an echo, it is of another type.
  std::optional<Fault> other_type;
  /// Unless it is an echo: what is wrong with it as the answer to the message that is due.
  std::optional<Fault> other_content;
};

/// Tells of each message that comes on a connection which of those that were sent it answers, when
/// the server loses some, sends some twice or in another order, or says what nobody asked.
///
/// - What is the same as the message that is due, or as a later one under way, is its echo. Those
///   between are passed over; one of them that comes within the next `remembered` is `out of
///   order`, and one that does not is `lost`.
/// - What is the same as one of the last `repeated_max` came `twice`. Where it may also be one that
///   is under way, it is what is nearer to the one that is due.
/// - What is the same as none of these is held until the next one tells: if that is the message
///   that is due, this one was `unasked`; if it is a later one, this one stands for the one that
///   was passed over, with a wrong length or content. More than `held_max` in a row are taken for
///   such answers, as from then on is each at once, until one comes that is known.
/// - What comes while nothing is under way was sent `twice`, or `unasked`.
///
/// As many messages are told apart as the round has; of long ones that is two.
class EchoOrder {
 public:
  static constexpr std::uint64_t remembered = 64;
  static constexpr std::size_t repeated_max = 16;
  static constexpr std::size_t held_max = 4;

  /// The message numbered `first` of `count` is due. Unless `told_apart`, what comes is what is
  /// due, or its wrong answer, at once.
  EchoOrder(std::size_t first, std::size_t count, bool told_apart);

  /// The number of the message that is due.
  std::size_t due() const noexcept { return static_cast<std::size_t>(due_ % count_); }
  /// Whether it remembers nothing but that.
  bool settled() const noexcept { return passed_over_.empty() && held_.empty() && !altering_; }

  /// How many are under way before what is taken next, with those that what is held may answer, but
  /// without those set aside.
  void set_under_way(std::uint64_t messages) noexcept { under_way_ = messages; }

  /// A message came.
  void take(const Echo& echo, Findings& findings);
  /// A message came that answers what is due, wrongly, whatever comes behind it.
  void take_at_once(std::uint64_t wire_bytes, const Fault& fault, Findings& findings);

  /// What is held answers something: no better answer will come.
  void accept_held(Findings& findings);
  /// Nor will those come that were passed over.
  void give_up(Findings& findings);

 private:
  struct Held {
    std::uint64_t wire_bytes;
    std::size_t bytes;
    Fault fault;
  };

  bool is_same(const Echo& echo, std::uint64_t ordinal) const {
    return echo.same_as[static_cast<std::size_t>(ordinal % count_)];
  }
  bool take_belated(const Echo& echo, Findings& findings);
  bool take_nearest(const Echo& echo, Findings& findings);
  void take_unknown(const Echo& echo, Findings& findings);
  void answer(const Echo& echo, std::uint64_t ahead, Findings& findings);
  void add_answered(std::uint64_t wire_bytes, Findings& findings);
  void accept_oldest(Findings& findings);
  void pass_over(Findings& findings);
  void forget_old(Findings& findings);

  std::size_t count_;
  bool told_apart_;
  /// Messages are numbered through; modulo `count_` these are the numbers of the round.
  std::uint64_t due_;
  std::uint64_t under_way_ = 0;
  std::vector<std::uint64_t> passed_over_;
  std::vector<Held> held_;
  /// Whether it changes one after the other.
  bool altering_ = false;
};

}  // namespace duplex::app::bench

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "load_thread.hpp"
#include "pacing.hpp"
#include "round.hpp"

namespace duplex::app::bench {

/// What modes have in common in which each connection sends prepared pieces, each of which is
/// answered in turn. The next ones go when those before were answered (a closed loop), or when
/// their time has come (an open one).
///
/// In an open loop a piece belongs to the time when it was due, whenever it is sent and answered.
/// While none can be sent, what is due waits.
class Loop : public Work {
 public:
  void begin(Time now) final;
  void closed(Connection& connection) override;
  Time due() const final { return lack_ == Lack::nothing ? next_due() : never; }
  void act(Time now) final { send_due(now); }
  bool catch_up(Time last) override;
  bool is_behind() const final { return pacing_ && next_due() < thread_.schedule().end; }
  bool waits() const final { return under_way_ > 0 || is_behind(); }
  void give_up(Time last) override;

 protected:
  /// Each piece has a payload of so many bytes, which take up less where they are compressed.
  Loop(LoadThread& thread, Round round, std::uint64_t payload_bytes,
       std::optional<PieceSizes> compressed = std::nullopt);

  LoadThread& thread() noexcept { return thread_; }
  const Round& round() const noexcept { return round_; }
  std::uint64_t under_way(const Connection& connection) const {
    return flows_[connection.number].in_flight.count();
  }
  /// How many of them have left as a whole.
  std::uint64_t sent_whole(const Connection& connection) const;

  /// A connection may be used; it begins with this piece.
  void start(Connection& connection, std::size_t piece, Time now);
  /// So many were answered, with so many bytes together; as many are owed, if the connection is to
  /// go on. Returns how many of them nobody had asked.
  std::uint64_t answered(Connection& connection, std::uint64_t count, std::uint64_t bytes, Time now,
                         bool goes_on = true);
  /// Takes the time of the oldest that is under way, which is then answered by another way than
  /// `answered`: until `answered_apart` or `not_answered` it is waited for.
  Time take_oldest(Connection& connection);
  /// What `take_oldest` gave that time for was answered at `came`, with so many bytes.
  void answered_apart(Time sent, Time came, std::uint64_t bytes);
  /// So many for which `take_oldest` gave a time won't be.
  void not_answered(std::uint64_t count) { under_way_ -= count; }
  /// In a closed loop whose load is on, so many are owed that there are as many under way as there
  /// should be, and `more`.
  void fill_up(Connection& connection, std::uint64_t more, Time now);
  /// To be called before a connection is closed whose end was announced: what is under way on it is
  /// sent anew over another one, so that it has not been sent.
  void take_back(Connection& connection);
  void flush_owed(Connection& connection) {
    if (connection.owed > 0 && !connection.waits_to_write) thread_.flush(connection);
  }

 private:
  struct Flow {
    InFlight in_flight;
    /// The piece that is sent next.
    std::size_t next = 0;
    /// Whether pieces may be sent.
    bool is_free = false;
  };
  /// What an open loop has to have before it can send more.
  enum class Lack : std::uint8_t { nothing, connection, answers };

  void open_closed();
  void fill(Connection& connection, Time now);
  void owe(Connection& connection, Flow& flow, Time time, std::uint64_t count);
  Time next_due() const;
  Time take_due();
  void count_answers(Time sent, Time came, std::uint64_t bytes, std::uint64_t messages);
  void send_due(Time by);
  Connection* next_free();
  void set_free(Flow& flow, bool is_free) noexcept;
  bool counts(Time sent) const;

  LoadThread& thread_;
  Round round_;
  std::uint64_t payload_bytes_;
  std::optional<PieceSizes> compressed_;
  std::size_t depth_;
  /// Each connection is for one piece.
  bool one_each_;
  std::vector<Flow> flows_;
  std::size_t free_ = 0;
  std::optional<Pacing> pacing_;
  /// When those were due that are to be sent anew.
  std::deque<Time> again_;
  Lack lack_ = Lack::nothing;
  /// Whose turn it is in an open loop, and who has had it in this round.
  std::size_t turn_ = 0;
  std::vector<Connection*> touched_;
  std::uint64_t under_way_ = 0;
};

}  // namespace duplex::app::bench

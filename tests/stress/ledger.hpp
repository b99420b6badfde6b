#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace duplex::stress {

/// What has to be destroyed as often as it was made.
enum class Kind : std::uint8_t {
  coroutine,  ///< the local variables of one
  callback,   ///< what one owns
  work,       ///< what runs in another thread for a coroutine
  state,      ///< of a WebSocket
  socket,     ///< what the script knows of a WebSocket
};
constexpr std::size_t kind_count = 5;

/// What has happened at all: a script that does nothing finds nothing.
enum class Event : std::uint8_t {
  answer,     ///< a call that ended with a value
  refusal,    ///< a call that ended with an error
  opened,     ///< a WebSocket with callbacks
  message,    ///< that came over a WebSocket, and was what it should be
  content,    ///< of a request or a response, all of which came
  destroyed,  ///< a coroutine that did not come to its end
};
constexpr std::size_t event_count = 6;

/// What a run has to come out even in, and what was wrong with it. Any thread.
class Ledger {
 public:
  /// Something that must never be. Says so at once, since the program may not live to the end.
  void complain(std::string_view what);
  std::uint64_t complaints() const noexcept { return complaints_; }

  void note(Event event) noexcept { ++events_[static_cast<std::size_t>(event)]; }
  std::uint64_t count(Event event) const noexcept {
    return events_[static_cast<std::size_t>(event)];
  }
  /// How often each has happened, in a line.
  std::string summary() const;
  /// Complains of each that has not.
  void expect_all_events();

  /// How many there are now.
  std::int64_t alive(Kind kind) const noexcept { return alive_[static_cast<std::size_t>(kind)]; }
  void born(Kind kind) noexcept { ++alive_[static_cast<std::size_t>(kind)]; }
  void died(Kind kind) noexcept;
  /// Waits until there is none, for as long as the watch over the whole run lets it.
  void wait_for_end_of(Kind kind) const noexcept;
  /// Complains of each kind that there is any of.
  void expect_none();

 private:
  std::atomic<std::uint64_t> complaints_ = 0;
  std::array<std::atomic<std::int64_t>, kind_count> alive_{};
  std::array<std::atomic<std::uint64_t>, event_count> events_{};
};

/// A local variable, or what a closure owns: counted while it is there.
class Life {
 public:
  Life(Ledger& ledger, Kind kind) noexcept : ledger_(&ledger), kind_(kind) { ledger.born(kind); }
  Life(const Life& other) noexcept : Life(*other.ledger_, other.kind_) {}
  Life& operator=(const Life&) = delete;
  ~Life();

  Ledger& ledger() const noexcept { return *ledger_; }

 private:
  static constexpr std::uint32_t alive = 0xA11FE;
  Ledger* ledger_;
  Kind kind_;
  // Read in the destructor: optimisers take what is written there for dead.
  volatile std::uint32_t mark_ = alive;
};

/// The local variable of a coroutine: tells whether it came to its end.
class Course {
 public:
  explicit Course(Ledger& ledger) noexcept : life_(ledger, Kind::coroutine) {}
  Course(const Course&) = delete;
  Course& operator=(const Course&) = delete;
  ~Course() {
    if (!ended_) life_.ledger().note(Event::destroyed);
  }
  void end() noexcept { ended_ = true; }

 private:
  Life life_;
  bool ended_ = false;
};

/// What a callback owns that is called once with the outcome of a call.
class Answer {
 public:
  /// Whether it has to be called at all: calls that go on in a server's thread end with it, untold.
  enum class Promise : std::uint8_t { at_most_once, once };

  Answer(Ledger& ledger, Promise promise) noexcept
      : life_(ledger, Kind::callback), promise_(promise) {}
  Answer(Answer&& other) noexcept;
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer();

  void come(bool with_value);

 private:
  Life life_;
  Promise promise_;
  bool here_ = true;
  bool came_ = false;
};

/// The course of a WebSocket with callbacks: opened once, closed once, and nothing behind that.
class Passage {
 public:
  explicit Passage(Ledger& ledger) noexcept : life_(ledger, Kind::socket) {}
  Passage(const Passage&) = delete;
  Passage& operator=(const Passage&) = delete;
  ~Passage();

  Ledger& ledger() const noexcept { return life_.ledger(); }
  void open();
  /// Any other callback.
  void call();
  void close();
  /// It could not be opened.
  void fail();

 private:
  enum class State : std::uint8_t { begun, open, closed, failed };
  Life life_;
  State state_ = State::begun;
};

}  // namespace duplex::stress

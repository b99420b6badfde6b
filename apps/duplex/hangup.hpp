#pragma once

namespace duplex::app {

/// What SIGHUP says: to programs in the background that they are to read their files anew; but it
/// has an older meaning, that the terminal was closed. When the program had one, and has it no
/// more, that is what it means; unless it was told to ignore that, as by nohup(1).
///
/// To be made when the program starts.
class Hangup {
 public:
  Hangup();

  /// Whether a SIGHUP that has come now is about the terminal.
  bool is_of_terminal() const;

 private:
  bool had_terminal_;
};

}  // namespace duplex::app

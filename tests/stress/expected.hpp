#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ledger.hpp"
#include "messages.hpp"
#include <duplex/duplex.hpp>

namespace duplex::stress {

/// Path and key of a URL that `World::url` has made.
struct Address {
  explicit Address(std::string_view url);
  std::string path;
  std::uint64_t key = 0;
};

/// The content that the server gives at an address, which an answer has to have that is complete.
class Expected {
 public:
  Expected(Ledger& ledger, std::string_view url, Status status);

  /// The next piece.
  void take(std::string_view piece);
  /// That was all.
  void end();

 private:
  enum class Form : std::uint8_t { any, sentence, text, events, file };
  void take_events();

  Ledger* ledger_;
  Form form_ = Form::any;
  std::string sentence_;
  Content content_;
  Ear ear_;
  std::string waiting_;
};

/// What is served as a file.
std::string file_content();

}  // namespace duplex::stress

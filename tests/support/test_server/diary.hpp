#pragma once

#include <mutex>
#include <string>

#include <duplex/duplex.hpp>

namespace test_server {

/// What became of the WebSockets that counted here.
class Diary {
 public:
  void opened() {
    const std::scoped_lock lock(mutex_);
    ++opened_;
  }
  void closed(const duplex::CloseInfo& info) {
    const std::scoped_lock lock(mutex_);
    closes_ +=
        std::to_string(static_cast<unsigned>(info.code)) + " " + std::string(info.reason) + "\n";
  }
  std::string text() {
    const std::scoped_lock lock(mutex_);
    return std::to_string(opened_) + "\n" + closes_;
  }

 private:
  std::mutex mutex_;
  unsigned opened_ = 0;
  std::string closes_;
};

/// That of this server.
inline Diary diary;

}  // namespace test_server

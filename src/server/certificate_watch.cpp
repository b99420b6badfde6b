#include "server/certificate_watch.hpp"

#include <condition_variable>
#include <mutex>

namespace duplex::server {

void watch_certificates(Certificates& certificates, const std::stop_token& stop,
                        std::chrono::milliseconds interval) {
  std::mutex mutex;
  std::condition_variable_any asked_to_stop;
  std::unique_lock lock(mutex);
  while (true) {
    asked_to_stop.wait_for(lock, stop, interval, [] { return false; });
    if (stop.stop_requested()) return;
    certificates.look();
  }
}

}  // namespace duplex::server

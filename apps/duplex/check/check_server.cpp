#include "check_server.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "script.hpp"
#include "socket.hpp"
#include "stopped.hpp"
#include "trial.hpp"

namespace duplex::app::check {
namespace {

using std::chrono::milliseconds;

class ServerRun {
 public:
  explicit ServerRun(const ServerCheck& check)
      : check_(check), addresses_(resolve_host(check.url.host, check.url.port)) {}

  /// That there is something to check, before more than a thousand cases say that there is not.
  /// What is in the way, in a sentence; empty when nothing is.
  std::string try_out() const {
    return what_hinders(encrypt(dial_patiently(), time_from_now()), peer(), time_from_now());
  }

  /// Throws std::runtime_error when there is no connection for it.
  Result run(const Case& what) const {
    const milliseconds limit = check_.time_limit * what.time_factor;
    Wire wire = connect(limit);
    const Wire::Time begin = Wire::Clock::now();
    Script script(what, std::move(wire), peer(), begin + limit);
    Result result{.what = &what, .finding = {}, .log = {}};
    try {
      result.finding = script.run();
    } catch (const std::exception& error) {
      result.finding = {Verdict::wrong, error.what()};
    }
    result.log = script.log();
    result.duration = std::chrono::duration_cast<milliseconds>(Wire::Clock::now() - begin);
    return result;
  }

 private:
  Wire::Time time_from_now() const { return Wire::Clock::now() + check_.time_limit; }

  /// Until somebody listens.
  Socket dial_patiently() const {
    const Wire::Time until = Wire::Clock::now() + check_.wait;
    while (true) {
      try {
        return dial(addresses_, time_from_now(), check_.stop_descriptor);
      } catch (const std::runtime_error&) {
        if (Wire::Clock::now() >= until) throw;
      }
      pause();
    }
  }

  /// A second time when it did not work: when many connect at once, a server may have no place.
  Wire connect(milliseconds limit) const {
    try {
      return connect_once(Wire::Clock::now() + limit);
    } catch (const std::runtime_error&) {
      pause();
      return connect_once(Wire::Clock::now() + limit);
    }
  }

  Wire connect_once(Wire::Time deadline) const {
    return encrypt(dial(addresses_, deadline, check_.stop_descriptor), deadline);
  }

  Wire encrypt(Socket socket, Wire::Time deadline) const {
    const int stop = check_.stop_descriptor;
    const int descriptor = socket.release();
    return Wire(check_.tls ? check_.tls->connect(descriptor, check_.url.host, deadline, stop)
                           : make_plain_stream(descriptor),
                stop);
  }

  /// Between attempts.
  void pause() const {
    constexpr int pause_ms = 100;
    pollfd stop{check_.stop_descriptor, POLLIN, 0};
    if (::poll(&stop, 1, pause_ms) > 0) throw Stopped();
  }

  PeerUnderTest peer() const {
    return {.end = End::server,
            .authority = check_.url.authority(),
            .target = check_.url.target(),
            .fields = check_.fields};
  }

  const ServerCheck& check_;
  std::vector<HostAddress> addresses_;
};

/// The threads, and what they have found.
class SideBySide {
 public:
  SideBySide(const std::vector<const Case*>& cases, const ServerRun& run, const ServerCheck& check)
      : cases_(cases), run_(run), check_(check), slots_(cases.size()) {}

  ServerResults results() {
    {
      std::vector<std::jthread> threads;
      const std::size_t count = std::min(check_.jobs, cases_.size());
      while (threads.size() < count) threads.emplace_back([this] { work(); });
    }
    ServerResults all{.failure = std::move(failure_)};
    for (auto& slot : slots_) {
      if (slot) all.results.push_back(*std::move(slot));
    }
    return all;
  }

 private:
  void work() {
    try {
      for (std::size_t i = next_++; i < cases_.size(); i = next_++) {
        try {
          put(i, run_.run(*cases_[i]));
        } catch (const std::runtime_error& error) {
          lose(error.what());
        }
      }
    } catch (const Stopped&) {
      next_ = cases_.size();
    }
  }

  void put(std::size_t i, Result result) {
    const std::scoped_lock lock(mutex_);
    lost_ = 0;
    check_.on_result(result);
    slots_[i] = std::move(result);
  }

  /// A case got no connection.
  void lose(std::string_view why) {
    const std::scoped_lock lock(mutex_);
    const bool gone = ++lost_ >= lost_connections_max;
    if (gone) next_ = cases_.size();
    if (gone || failure_.empty()) {
      failure_ = fmt::format("{}: {}", gone ? "the server is gone" : "a case was not run", why);
    }
  }

  const std::vector<const Case*>& cases_;
  const ServerRun& run_;
  const ServerCheck& check_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;
  std::vector<std::optional<Result>> slots_;
  /// Connections in a row.
  int lost_ = 0;
  std::string failure_;
};

}  // namespace

ServerResults check_server(const std::vector<const Case*>& cases, const ServerCheck& check) {
  try {
    const ServerRun run(check);
    std::string failure = run.try_out();
    if (!failure.empty()) return {.failure = std::move(failure)};
    return SideBySide(cases, run, check).results();
  } catch (const Stopped&) {
    return {};
  } catch (const std::runtime_error& error) {
    return {.failure = error.what()};
  }
}

}  // namespace duplex::app::check

#include "check_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include "printable.hpp"
#include "script.hpp"
#include "socket.hpp"
#include "stopped.hpp"

namespace duplex::app::check {
namespace {

using std::chrono::milliseconds;

class ServerRun {
 public:
  explicit ServerRun(const ServerCheck& check)
      : check_(check), addresses_(resolve_host(check.url.host, check.url.port)) {}

  /// That there is something to check, before more than a thousand cases say that there is not.
  void probe() const {
    const Case asking{.id = "probe", .begin = Begin::connected, .run = [](Script& script) {
                        script.send_head(script.request());
                        const HttpHead response = script.receive_head();
                        if (response.status() == 101) return;
                        script.wrong(fmt::format("the server answered {} to the opening handshake",
                                                 printable(response.start_line)));
                      }};
    const Wire::Time deadline = Wire::Clock::now() + check_.time_limit;
    Script script(asking, connect(deadline), peer(), deadline);
    const Finding finding = script.run();
    if (finding.verdict == Verdict::wrong) throw std::runtime_error(finding.why);
  }

  Result run(const Case& what) const {
    const Wire::Time begin = Wire::Clock::now();
    const Wire::Time deadline = begin + check_.time_limit * what.time_factor;
    Result result{.what = &what, .finding = {}, .log = {}};
    try {
      Script script(what, connect(deadline), peer(), deadline);
      result.finding = script.run();
      result.log = script.log();
    } catch (const std::exception& error) {
      result.finding = {Verdict::wrong, error.what()};
    }
    result.duration = std::chrono::duration_cast<milliseconds>(Wire::Clock::now() - begin);
    return result;
  }

 private:
  Wire connect(Wire::Time deadline) const {
    Socket socket = dial(addresses_, deadline, check_.stop_descriptor);
    if (!check_.tls) {
      return Wire(make_plain_stream(socket.release()), check_.stop_descriptor);
    }
    return Wire(
        check_.tls->connect(socket.release(), check_.url.host, deadline, check_.stop_descriptor),
        check_.stop_descriptor);
  }

  PeerUnderTest peer() const {
    return {.end = End::server,
            .authority = check_.url.authority(),
            .target = check_.url.target(),
            .fields = check_.fields};
  }

  const ServerCheck& check_;
  std::vector<SocketAddress> addresses_;
};

}  // namespace

std::vector<Result> check_server(const std::vector<const Case*>& cases, const ServerCheck& check) {
  std::vector<std::optional<Result>> slots(cases.size());
  try {
    const ServerRun run(check);
    run.probe();
    std::atomic<std::size_t> next = 0;
    std::mutex reporting;
    const auto work = [&] {
      try {
        for (std::size_t i = next++; i < cases.size(); i = next++) {
          Result result = run.run(*cases[i]);
          const std::scoped_lock lock(reporting);
          check.on_result(result);
          slots[i] = std::move(result);
        }
      } catch (const Stopped&) {
        next = cases.size();
      }
    };
    std::vector<std::jthread> threads;
    const std::size_t count = std::min(check.jobs, cases.size());
    while (threads.size() < count) threads.emplace_back(work);
  } catch (const Stopped&) {
    return {};
  }
  std::vector<Result> results;
  for (auto& slot : slots) {
    if (slot) results.push_back(*std::move(slot));
  }
  return results;
}

}  // namespace duplex::app::check

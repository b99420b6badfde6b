#include "check_client.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include "case_board.hpp"
#include "client_request.hpp"
#include "frame.hpp"
#include "script.hpp"
#include "stop_pipe.hpp"
#include "stopped.hpp"

namespace duplex::app::check {
namespace {

using std::chrono::milliseconds;

/// When all cases have run, clients may come for another. For so long they are told that there is
/// none, which is a better end than a connection that is reset.
constexpr milliseconds last_refusals{500};

/// Sends one text message, and closes.
Case telling(std::string what) {
  return {.id = "listen/telling", .run = [what = std::move(what)](Script& script) {
            script.send_message(text(what));
            script.close();
          }};
}

class ClientRun {
 public:
  ClientRun(const std::vector<const Case*>& cases, const ClientCheck& check)
      : check_(check), board_(cases) {}

  ClientResults run() {
    {
      std::vector<std::jthread> threads;
      while (threads.size() < check_.jobs) threads.emplace_back([this] { work(); });
    }
    return {.results = board_.results(), .agent = agent_};
  }

 private:
  /// Serves one connection after another.
  void work() {
    try {
      while (wait()) {
        Socket socket = accept_from(check_.listener);
        if (!socket) continue;  // another thread was faster
        const CaseBoard::Visit visit(board_);
        serve(std::move(socket));
      }
    } catch (const Stopped&) {
      done_.stop();
    }
  }

  /// Waits for a connection; false when it is over.
  bool wait() {
    while (true) {
      std::array<pollfd, 3> descriptors{{{check_.listener.descriptor(), POLLIN, 0},
                                         {done_.descriptor(), POLLIN, 0},
                                         {check_.stop_descriptor, POLLIN, 0}}};
      const milliseconds left = time_left();
      const int wait_ms = static_cast<int>(std::clamp<std::int64_t>(left.count(), 1, 3'600'000));
      ::poll(descriptors.data(), descriptors.size(), wait_ms);
      if (descriptors[1].revents != 0 || descriptors[2].revents != 0) return false;
      if (descriptors[0].revents != 0) return true;
      if (time_left().count() <= 0) done_.stop();
    }
  }

  /// Until it ends, if nobody connects.
  milliseconds time_left() const {
    if (const auto complete = board_.complete_for()) return last_refusals - *complete;
    return check_.idle_limit - board_.idle_time();
  }

  void serve(Socket socket) {
    const Wire::Time deadline = Wire::Clock::now() + check_.time_limit;
    std::optional<Wire> wire;
    try {
      const int stop = check_.stop_descriptor;
      wire.emplace(check_.tls ? check_.tls->accept(socket.release(), deadline, stop)
                              : make_plain_stream(socket.release()),
                   stop);
    } catch (const std::exception&) {
      // No TLS: not a client that can be checked. Whoever waits for its cases sees that they were
      // not run.
      return;
    }
    std::optional<HttpHead> head;
    try {
      head = receive_request(*wire, deadline);
    } catch (const std::invalid_argument& error) {
      refuse_unreadable(*wire, error.what(), deadline);
      return;
    }
    if (head) answer(*std::move(wire), *head, deadline);
  }

  /// A request that tells neither a case nor anything else. It is wrong in one about handshakes, or
  /// if there is none left, in the one that the connection would have got.
  void refuse_unreadable(Wire& wire, std::string_view why, Wire::Time deadline) {
    const Case* const what = board_.take_next("handshake");
    if (what != nullptr) {
      Result result{.what = what,
                    .finding = {Verdict::wrong, fmt::format("its request is not HTTP: {}", why)},
                    .log = {}};
      result.log.add(Direction::received, "a request  " + excerpt(wire.input()));
      put(std::move(result));
    }
    refuse(wire, "400 Bad Request", fmt::format("This is not HTTP: {}.\n", why), deadline);
  }

  void answer(Wire wire, const HttpHead& head, Wire::Time deadline) {
    const ClientRequest request = parse_client_request(head);
    if (!request.agent.empty()) {
      const std::scoped_lock lock(mutex_);
      agent_ = request.agent;
    }
    switch (request.wish) {
      case ClientRequest::Wish::no_websocket:
        refuse(wire, "426 Upgrade Required",
               "This checks WebSocket clients: connect to ws:// or wss:// here, and echo each "
               "message.\n",
               deadline);
        return;
      case ClientRequest::Wish::count:
        run(telling(std::to_string(board_.size())), std::move(wire), head, deadline);
        return;
      case ClientRequest::Wish::status:
        tell(board_.status(request.number, deadline), std::move(wire), head, deadline);
        return;
      case ClientRequest::Wish::info:
        tell(board_.info(request.number), std::move(wire), head, deadline);
        return;
      case ClientRequest::Wish::reports:
        run(telling("The reports are being written."), std::move(wire), head, deadline);
        done_.stop();
        return;
      case ClientRequest::Wish::numbered:
      case ClientRequest::Wish::next: break;
    }
    const Case* const what = request.wish == ClientRequest::Wish::next
                                 ? board_.take_next()
                                 : board_.take(request.number);
    if (what == nullptr) {
      refuse(wire, request.wish == ClientRequest::Wish::next ? "410 Gone" : "404 Not Found",
             "There is no such case, or none left.\n", deadline);
      return;
    }
    const Wire::Time case_deadline = deadline + check_.time_limit * (what->time_factor - 1);
    try {
      put(run(*what, std::move(wire), head, case_deadline));
    } catch (const Stopped&) {
      board_.give_up(*what);
      throw;
    }
  }

  void put(Result result) {
    const std::scoped_lock lock(mutex_);
    check_.on_result(result);
    board_.put(std::move(result));
  }

  void tell(const std::optional<std::string>& what, Wire wire, const HttpHead& head,
            Wire::Time deadline) {
    if (what) {
      run(telling(*what), std::move(wire), head, deadline);
    } else {
      refuse(wire, "404 Not Found", "There is no such case.\n", deadline);
    }
  }

  static Result run(const Case& what, Wire wire, const HttpHead& head, Wire::Time deadline) {
    const Wire::Time begin = Wire::Clock::now();
    Script script(what, std::move(wire), {.end = End::client}, deadline, head);
    Finding finding;
    try {
      finding = script.run();
    } catch (const std::exception& error) {
      finding = {Verdict::wrong, error.what()};
    }
    return {.what = &what,
            .finding = std::move(finding),
            .log = script.log(),
            .duration = std::chrono::duration_cast<milliseconds>(Wire::Clock::now() - begin)};
  }

  const ClientCheck& check_;
  CaseBoard board_;
  StopPipe done_;
  std::mutex mutex_;
  std::string agent_;
};

}  // namespace

ClientResults check_client(const std::vector<const Case*>& cases, const ClientCheck& check) {
  return ClientRun(cases, check).run();
}

}  // namespace duplex::app::check

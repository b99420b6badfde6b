#include "errands.hpp"

#include <chrono>
#include <memory>
#include <stop_token>
#include <thread>
#include <utility>

#include "messages.hpp"
#include "peer.hpp"

namespace duplex::stress {

using namespace std::chrono_literals;

namespace {

/// A value that another thread brings, or nobody.
Task<> await_another_thread(World& world, Random random) {
  Course course(world.ledger);
  Completion<int> completion;
  switch (random.below(4)) {
    case 0: completion.resolver().resolve(1); break;
    case 1: {
      auto work = [resolver = completion.resolver(), pause = random.ms_below(5),
                   life = Life(world.ledger, Kind::work)] {
        std::this_thread::sleep_for(pause);
        resolver.resolve(2);
      };
      net::detail::run_in_pool(std::move(work));
      break;
    }
    case 2: world.keep(completion.resolver()); break;
    default: break;
  }
  const int value = co_await completion;
  if (value < 1 || value > 3) world.ledger.complain("a value that nobody has resolved");
  course.end();
}

Task<> work_elsewhere(World& world, Random random) {
  Course course(world.ledger);
  auto work = [dice = random.fork(), life = Life(world.ledger, Kind::work)]() mutable {
    if (dice.one_in(3)) std::this_thread::sleep_for(dice.ms_below(8));
    fail_once_in(dice, 8);
    return 7;
  };
  const int result = co_await offload(work);
  if (result != 7) world.ledger.complain("another result than that of the work");
  course.end();
}

/// What is done first on a connection that comes back.
Task<> greet(World& world, std::shared_ptr<Random> random) {
  Course course(world.ledger);
  if (random->one_in(3)) co_await sleep_for(random->moment());
  fail_once_in(*random, 8);
  course.end();
}

}  // namespace

Task<> talk(Caller caller, Random random, int depth) {
  World& world = caller.world();
  Course course(world.ledger);
  auto call = caller.client()
                  ->connect(world.url(some_socket_path(random), some_key(random), "ws"))
                  .deadline(5ms + random.ms_below(100));
  if (random.one_in(2)) call = std::move(call).compress();
  auto opened = co_await std::move(call);
  world.ledger.note(opened ? Event::answer : Event::refusal);
  if (!opened) co_return;
  WebSocket socket = std::move(*opened);
  if (random.one_in(4)) keep_here(socket);
  co_await act(std::move(socket),
               std::make_shared<Peer>(world, random.fork(), "a client's coroutine"), depth + 1);
  course.end();
}

Task<> come_back(Caller caller, Random random) {
  World& world = caller.world();
  Course course(world.ledger);
  ReconnectOptions options{.delay_ms_first = 2,
                           .delay_ms_max = 20,
                           .attempts_max = random.below(5),
                           .attempt_ms_max = 100};
  const auto dice = std::make_shared<Random>(random.fork());
  if (random.one_in(2)) {
    options.on_connected = [&world, dice](const WebSocket& /*socket*/, bool /*again*/) {
      return greet(world, dice);
    };
  }
  if (random.one_in(2)) {
    options.on_lost = [dice](const Error& /*error*/, std::uint32_t /*delay_ms*/) {
      fail_once_in(*dice, 6);
    };
  }
  std::stop_source stop;
  auto call = caller.client()
                  ->connect(world.url(some_socket_path(random), some_key(random), "ws"))
                  .stop_on(stop.get_token());
  auto socket = std::move(call).reconnecting(std::move(options));
  Voice voice(Voice::Hearing::in_order);
  Ear ear(world.ledger, "a socket that comes back", Ear::Way::several);
  for (auto acts = random.below(10); acts > 0; --acts) {
    switch (random.below(6)) {
      case 0: {
        const auto status = socket.send(voice.say(some_size(random)));
        if (status == SendStatus::accepted || status == SendStatus::backlogged) voice.said();
        break;
      }
      case 1: {
        auto message = co_await within(30ms, socket.receive());
        if (message && !*message) co_return;
        if (message) ear.hear((*message)->text());
        break;
      }
      case 2: co_await sleep_for(random.moment()); break;
      case 3:
        if (random.one_in(3)) socket.close();
        break;
      case 4:
        if (random.one_in(3)) stop.request_stop();
        break;
      default:
        if (random.one_in(3)) {
          socket.current().terminate();
        } else if (random.one_in(2)) {
          keep_here(socket.current());
        }
    }
  }
  course.end();
}

Task<> run_errands(World& world, Random random, int depth) {
  Course course(world.ledger);
  const Caller caller(world);
  const bool deep = depth >= 3;
  for (auto acts = 1 + random.below(3); acts > 0; --acts) {
    switch (random.below(11)) {
      case 0: co_await sleep_for(random.moment()); break;
      case 1: co_await work_elsewhere(world, random.fork()); break;
      case 2: (void)co_await within(30ms, await_another_thread(world, random.fork())); break;
      case 3:
        if (!deep) co_await fetch(caller, random.fork());
        break;
      case 4:
        if (!deep) (void)co_await within(random.moment(), fetch(caller, random.fork()));
        break;
      case 5:
        if (!deep) (void)co_await within(60ms, talk(caller, random.fork(), depth));
        break;
      case 6:
        if (!deep) {
          co_await all(run_errands(world, random.fork(), depth + 1),
                       run_errands(world, random.fork(), depth + 1));
        }
        break;
      case 7:
        if (!deep) {
          (void)co_await within(random.moment(), run_errands(world, random.fork(), depth + 1));
        }
        break;
      case 8: fail_once_in(random, 4); break;
      case 9:
        if (!deep) (void)co_await within(60ms, come_back(caller, random.fork()));
        break;
      default:
        if (world.handlers_stop && random.one_in(30)) {
          if (Server* const server = world.server) server->stop({.deadline = random.ms_below(50)});
        }
    }
  }
  course.end();
}

}  // namespace duplex::stress

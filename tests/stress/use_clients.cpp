#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "actors.hpp"
#include "errands.hpp"
#include "peer.hpp"

namespace duplex::stress {

using namespace std::chrono_literals;

namespace {

void use_blocking_socket(World& world, Client& client, Random& random) {
  auto opened = client.connect(world.url(some_socket_path(random), random.below(1'000'000), "ws"))
                    .deadline(80ms)
                    .wait();
  world.ledger.note(opened ? Event::answer : Event::refusal);
  if (!opened) return;
  Voice voice(Voice::Hearing::complete);
  Ear ear(world.ledger, "a blocking socket");
  for (auto acts = random.below(8); acts > 0; --acts) {
    switch (random.below(5)) {
      case 0: {
        const auto status = opened->send(voice.say(some_size(random)));
        if (status == SendStatus::accepted || status == SendStatus::backlogged) voice.said();
        break;
      }
      case 1: (void)opened->round_trip(random.ms_below(10)); break;
      case 2: world.keep(opened->sender()); break;
      default:
        if (const auto message = opened->receive(random.ms_below(10))) ear.hear(message->text());
    }
  }
  if (random.one_in(4)) opened->close();
}

/// Threads that wait for a call each, which the client's end may cut off.
class Waiters {
 public:
  Waiters() = default;
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;
  ~Waiters() {
    for (std::thread& thread : threads_) thread.join();
  }

  void add(World& world, client::FetchCall call) {
    threads_.emplace_back([&world, its_call = std::move(call)]() mutable {
      // An exception, where the client has ended before the call began.
      guarded([&] { check(world, std::move(its_call).wait()); });
    });
  }

 private:
  std::vector<std::thread> threads_;
};

void use_once(World& world, Client& client, Random& random, Waiters& waiters) {
  const Caller caller(world, client);
  const std::string url = world.url(some_path(random), random.below(1'000'000));
  switch (random.below(10)) {
    case 0: check(world, client.get(url).deadline(50ms).wait()); break;
    case 1: {
      auto callback = [&world, dice = random.fork(),
                       answer = Answer(world.ledger, Answer::Promise::once)](
                          const Result<ClientResponse>& result) mutable {
        answer.come(result.has_value());
        fail_once_in(dice, 5);
      };
      client.get(url).then(std::move(callback));
      break;
    }
    case 2: client.spawn(talk(caller, random.fork(), 1)); break;
    case 3: client.run(fetch(caller, random.fork())); break;
    case 4: client.run(come_back(caller, random.fork())); break;
    case 5: use_blocking_socket(world, client, random); break;
    case 6:
      client.connect(world.url(some_socket_path(random), random.below(1'000'000), "ws"))
          .deadline(60ms)
          .start(handlers_of(std::make_shared<Peer>(world, random.fork(), "a client's callbacks")));
      break;
    case 7: client.spawn(come_back(caller, random.fork())); break;
    case 8: waiters.add(world, client.get(url)); break;
    default:
      // The client that handlers use, from a thread that is no server's.
      if (const auto theirs = world.client()) waiters.add(world, theirs->get(url));
  }
}

}  // namespace

void use_clients(World& world, Random random, const std::atomic<bool>& over) {
  while (!over) {
    Waiters waiters;
    Client client(world.client_options(random));
    for (auto uses = 2 + random.below(8); uses > 0 && !over; --uses) {
      guarded([&] { use_once(world, client, random, waiters); });
    }
    std::this_thread::sleep_for(random.ms_below(20));
  }
}

void meddle(World& world, Random random, const std::atomic<bool>& over) {
  Voice voice(Voice::Hearing::in_order);
  const std::string topic = some_topic(random);
  while (!over) {
    std::this_thread::sleep_for(2ms);
    Server& server = *world.server;
    server.publish(topic, voice.say(some_size(random)));
    voice.said();
    (void)server.statistics();
    Voice private_voice(Voice::Hearing::in_order);
    const Sender sender = world.some_sender(random);
    sender.send(private_voice.say(some_size(random)));
    if (random.one_in(20)) sender.close();
    if (random.one_in(4)) world.resolve_all();
    if (random.one_in(20)) {
      world.replace_client(world.make_client(random));
      world.bury_clients();
    }
  }
}

}  // namespace duplex::stress

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "errands.hpp"
#include "expected.hpp"
#include "messages.hpp"

namespace duplex::stress {

using namespace std::chrono_literals;

namespace {

template <class T>
void note(World& world, const Result<T>& result) {
  world.ledger.note(result ? Event::answer : Event::refusal);
  if (!result && !result.error().code) world.ledger.complain("an error without a code");
}

Task<> get(Caller caller, Random random) {
  World& world = caller.world();
  Course course(world.ledger);
  auto call = caller.client()
                  ->get(world.url(some_path(random), some_key(random)))
                  .deadline(1ms + random.ms_below(100));
  const auto result = co_await std::move(call);
  check(world, result);
  course.end();
}

Task<> post_and_stop(Caller caller, Random random) {
  World& world = caller.world();
  Course course(world.ledger);
  std::stop_source stop;
  const auto key = some_key(random);
  stress::Content content(key);
  std::string text = content.next(some_size(random)) + std::string(stress::Content::stop);
  auto call = caller.client()
                  ->post(world.url(random.one_in(2) ? "/body" : "/whole", key), std::move(text))
                  .stop_on(stop.get_token())
                  .deadline(200ms);
  auto work = [stop, pause = random.ms_below(6), life = Life(world.ledger, Kind::work)]() mutable {
    std::this_thread::sleep_for(pause);
    stop.request_stop();
  };
  net::detail::run_in_pool(std::move(work));
  const auto result = co_await std::move(call);
  check(world, result);
  course.end();
}

Task<> write_content(ContentWriter& writer, World& world, std::uint32_t key, Random random) {
  Course course(world.ledger);
  stress::Content content(key);
  for (auto pieces = random.below(6); pieces > 0; --pieces) {
    // Not to be given up: what has been taken of it is unknown.
    const std::string piece = content.next(1 + some_size(random));
    co_await writer.write(piece);
    if (random.one_in(4)) co_await sleep_for(random.moment());
    fail_once_in(random, 12);
  }
  auto last = writer.write(stress::Content::stop);
  if (random.one_in(2)) {
    (void)co_await within(random.moment(), std::move(last));
  } else {
    co_await last;
  }
  course.end();
}

Task<> upload(Caller caller, Random random) {
  World& world = caller.world();
  Course course(world.ledger);
  const auto key = some_key(random);
  auto writer = [&world, key, dice = random.fork(), life = Life(world.ledger, Kind::callback)](
                    ContentWriter& to) { return write_content(to, world, key, dice); };
  auto content = duplex::Content::stream("text/plain", writer);
  auto call =
      caller.client()
          ->post(world.url(random.one_in(2) ? "/body" : "/within/body", key), std::move(content))
          .deadline(1ms + random.ms_below(150));
  const auto result = co_await std::move(call);
  check(world, result);
  course.end();
}

Task<> read_stream(Caller caller, Random random) {
  World& world = caller.world();
  Course course(world.ledger);
  auto call =
      caller.client()->stream(world.url(some_path(random), some_key(random))).deadline(100ms);
  auto result = co_await std::move(call);
  note(world, result);
  if (!result) co_return;
  Expected expected(world.ledger, result->url(), result->status());
  for (auto pieces = random.below(30); pieces > 0; --pieces) {
    auto piece = co_await within(50ms, result->read());
    if (!piece) break;
    if (!*piece) break;
    if (!**piece) {
      expected.end();
      break;
    }
    expected.take(***piece);
    if (random.one_in(10)) co_await sleep_for(random.moment());
  }
  course.end();
}

Task<> download(Caller caller, Random random) {
  World& world = caller.world();
  Course course(world.ledger);
  const auto place = world.place_for_download();
  if (!place) co_return;
  auto call = caller.client()
                  ->download(world.url("/file", some_key(random)), place->path())
                  .deadline(1ms + random.ms_below(80));
  const auto result = co_await std::move(call);
  note(world, result);
  if (result) {
    std::ifstream file(place->path());
    const std::string text(std::istreambuf_iterator<char>(file), {});
    if (text != file_content()) world.ledger.complain("a download that is not the file");
    std::filesystem::remove(place->path());
  }
  course.end();
}

}  // namespace

std::uint32_t some_key(Random& random) {
  return random.below(1'000'000'000);
}

std::shared_ptr<const Client> Caller::client() const {
  if (own_ != nullptr) return {std::shared_ptr<const Client>(), own_};
  auto client = world_->client();
  if (!client) throw Mishap();
  return client;
}

std::string_view some_path(Random& random) {
  constexpr std::array<std::string_view, 14> paths = {
      "/function",      "/coroutine", "/stream",           "/made",  "/events", "/topic",
      "/file",          "/big",       "/within/coroutine", "/throw", "/none",   "/calls",
      "/within/stream", "/redirect"};
  return random.of(paths);
}

std::string_view some_socket_path(Random& random) {
  constexpr std::array<std::string_view, 7> paths = {"/ws/callbacks", "/ws/frames", "/ws/deflate",
                                                     "/ws/session",   "/ws/pieces", "/ws/deflated",
                                                     "/ws/upgrade"};
  return random.of(paths);
}

void check(World& world, const Result<ClientResponse>& result) {
  note(world, result);
  if (!result) return;
  Expected expected(world.ledger, result->url(), result->status());
  expected.take(result->text());
  expected.end();
}

Task<> fetch(Caller caller, Random random) {
  switch (random.below(6)) {
    case 0: return get(caller, random);
    case 1: return post_and_stop(caller, random);
    case 2: return upload(caller, random);
    case 3: return download(caller, random);
    default: return read_stream(caller, random);
  }
}

}  // namespace duplex::stress

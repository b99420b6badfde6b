#include <charconv>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "errands.hpp"
#include "messages.hpp"
#include "service.hpp"

namespace duplex::stress {

using namespace std::chrono_literals;

namespace {

/// The answer of `path`, which the client expects.
Response sentence(std::string_view path, const Request& request) {
  return Response::text(std::string(path) + " " + std::to_string(key_of(request)));
}

Task<Response> run_and_answer(World& world, std::string_view path, const Request& request) {
  Course course(world.ledger);
  co_await run_errands(world, random_of(world, request), 0);
  course.end();
  co_return sentence(path, request);
}

Task<Response> call_and_answer(World& world, const Request& request) {
  Course course(world.ledger);
  Random random = random_of(world, request);
  if (random.one_in(2)) {
    // A client of its own, which ends where this coroutine does.
    const Client own(world.client_options(random));
    const Caller caller(world, own);
    co_await all(fetch(caller, random.fork()), fetch(caller, random.fork()));
  } else {
    co_await fetch(Caller(world), random.fork());
    if (random.one_in(2)) co_await talk(Caller(world), random.fork(), 1);
  }
  course.end();
  co_return sentence("/calls", request);
}

Task<Response> take_content(World& world, std::string_view path, const Request& request,
                            BodyReader& reader) {
  Course course(world.ledger);
  Random random = random_of(world, request);
  Content content(key_of(request));
  for (int pieces = 0; pieces < 100; ++pieces) {
    std::optional<std::string> piece;
    if (random.one_in(2)) {
      auto read = co_await within(random.moment(), reader.read());
      if (!read) continue;
      piece = std::move(*read);
    } else {
      piece = co_await reader.read();
    }
    if (!piece) {
      content.end(world.ledger);
      break;
    }
    content.take(world.ledger, *piece);
    if (random.one_in(6)) co_await run_errands(world, random.fork(), 1);
    if (random.one_in(20)) break;
  }
  course.end();
  co_return sentence(path, request);
}

Task<> write_content(World& world, std::uint64_t key, Random random, BodyWriter& writer) {
  Course course(world.ledger);
  Content content(key);
  for (auto pieces = random.below(8); pieces > 0; --pieces) {
    switch (random.below(5)) {
      case 0: {
        const std::string piece = content.next(500'000);
        (void)co_await within(random.moment(), writer.write(piece));
        break;
      }
      case 1: co_await run_errands(world, random.fork(), 1); break;
      case 2: fail_once_in(random, 4); break;
      default: {
        const std::string piece = content.next(1 + some_size(random));
        co_await writer.write(piece);
      }
    }
  }
  co_await writer.write(Content::stop);
  course.end();
}

Task<> write_events(World& world, Random random, EventWriter& writer) {
  Course course(world.ledger);
  Voice voice(Voice::Hearing::complete);
  for (auto pieces = random.below(30); pieces > 0; --pieces) {
    const std::string event = voice.say(some_size(random));
    voice.said();
    co_await writer.send({.data = event});
    if (random.one_in(5)) co_await writer.comment("nothing");
    co_await sleep_for(random.moment());
    if (random.one_in(10)) co_await run_errands(world, random.fork(), 1);
  }
  course.end();
}

Task<Response> wait_a_moment(World& world, const Request& request, Next next) {
  Course course(world.ledger);
  Random random = random_of(world, request);
  auto response = co_await within(random.moment(), next());
  course.end();
  if (response) co_return std::move(*response);
  co_await sleep_for(random.moment());
  co_return Response::text("late", Status::gateway_timeout);
}

Response stream(World& world, const Request& request) {
  return Response::stream("text/plain",
                          [&world, key = key_of(request), random = random_of(world, request),
                           life = Life(world.ledger, Kind::callback)](BodyWriter& writer) {
                            return write_content(world, key, random, writer);
                          });
}

Response make(World& world, const Request& request) {
  return Response::generated(
      "text/plain",
      [random = random_of(world, request), content = Content(key_of(request)),
       life = Life(world.ledger, Kind::callback),
       ended = false]() mutable -> std::optional<std::string> {
        fail_once_in(random, 40);
        if (ended) return std::nullopt;
        ended = random.one_in(20);
        return ended ? std::string(Content::stop) : content.next(20'000);
      });
}

Response events(World& world, const Request& request) {
  return Response::events([&world, random = random_of(world, request),
                           life = Life(world.ledger, Kind::callback)](EventWriter& writer) {
    return write_events(world, random, writer);
  });
}

Response take_whole(World& world, const Request& request) {
  Content content(key_of(request));
  content.take(world.ledger, request.text());
  content.end(world.ledger);
  return sentence("/whole", request);
}

Response redirect(World& world, const Request& request) {
  Random random = random_of(world, request);
  return Response::redirect(std::string(some_path(random)) +
                            "?key=" + std::to_string(random.below(1'000'000)));
}

}  // namespace

std::uint64_t key_of(const Request& request) {
  const std::string text = request.query("key").value_or("0");
  std::uint64_t key = 0;
  std::from_chars(text.data(), text.data() + text.size(), key);
  return key;
}

Random random_of(const World& world, const Request& request) {
  return world.random_of(key_of(request));
}

ServerOptions server_options(Random& random) {
  ServerOptions options;
  options.threads = random.one_in(2) ? 1 : 3;
  options.log = [](LogLevel, std::string_view) {};
  if (random.one_in(2)) options.access_log = [](const AccessRecord&) {};
  options.time_limits.head_ms_max = 60;
  options.time_limits.idle_ms_max = 60;
  options.time_limits.body_progress_ms_max = 60;
  options.time_limits.stalled_write_ms_max = 80;
  return options;
}

void add_routes(Server& server, World& world) {
  server.get("/function", [&world](const Request& request) {
    Random random = random_of(world, request);
    fail_once_in(random, 10);
    return sentence("/function", request);
  });
  server.get("/throw", [](const Request&) -> Response { throw std::runtime_error("always"); });
  server.get("/redirect", [&world](const Request& request) { return redirect(world, request); });
  server.get("/big", [](const Request& request) {
    return Response::text(Content(key_of(request)).next(2'000'000) + std::string(Content::stop));
  });
  server.get("/file", [&world](const Request&) { return Response::file(world.served_file()); });
  server.get("/topic", [&world](const Request& request) {
    Random random = random_of(world, request);
    return Response::topic(some_topic(random));
  });
  for (const std::string& in : {std::string(), std::string("/within")}) {
    server.get(in + "/coroutine", [&world](const Request& request) {
      return run_and_answer(world, "/coroutine", request);
    });
    server.get(in + "/stream", [&world](const Request& request) { return stream(world, request); });
    server.post(in + "/body", [&world](const Request& request, BodyReader& reader) {
      return take_content(world, "/body", request, reader);
    });
  }
  server.get("/calls",
             [&world](const Request& request) { return call_and_answer(world, request); });
  server.get("/made", [&world](const Request& request) { return make(world, request); });
  server.get("/events", [&world](const Request& request) { return events(world, request); });
  server.post("/whole", [&world](const Request& request) { return take_whole(world, request); });
  server.use("/within", [&world](const Request& request, Next next) {
    return wait_a_moment(world, request, next);
  });
}

}  // namespace duplex::stress

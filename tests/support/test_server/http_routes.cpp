#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "diary.hpp"
#include "gates.hpp"
#include "routes.hpp"
#include <duplex/duplex.hpp>

namespace test_server {
namespace {

using namespace std::string_literals;
using duplex::Request;
using duplex::Response;
using duplex::Status;
using duplex::Task;

Response reflect(const Request& request) {
  std::string text = std::string(duplex::http::name(request.method())) + " " +
                     std::string(request.target()) + "\npath: " + std::string(request.path()) +
                     "\nauthority: " + std::string(request.authority()) +
                     "\nparam: " + std::string(request.param("rest")) +
                     "\nquery q: " + request.query("q").value_or("-") +
                     "\nform f: " + request.form("f").value_or("-") +
                     "\ncookie c: " + std::string(request.cookie("c").value_or("-")) + "\n\n";
  for (const auto& line : request.head().fields) {
    text += std::string(line.name) + ": " + std::string(line.value) + "\n";
  }
  return Response::text(text + "\n" + std::string(request.text()));
}

/// Each part of a form in a line, and how many bytes of what sum its content has.
Response tell_form(const Request& request) {
  const auto parts = request.multipart();
  if (!parts) {
    return Response::text(std::string(describe(parts.error())) + "\n", Status::bad_request);
  }
  std::string text;
  for (const duplex::FormPart& part : *parts) {
    unsigned sum = 0;
    for (const char character : part.content) sum += static_cast<unsigned char>(character);
    text.append(part.name).append("|").append(part.filename.value_or("-")).append("|");
    text.append(part.content_type).append("|").append(std::to_string(part.content.size()));
    text.append("|").append(std::to_string(sum)).append("\n");
  }
  return Response::text(text);
}

Task<Response> count_body(const Request&, duplex::BodyReader& body) {
  std::uint64_t bytes = 0;
  while (const auto piece = co_await body.read()) bytes += piece->size();
  co_return Response::text(std::to_string(bytes));
}

Task<Response> count_body_behind_gate(const Request& request, duplex::BodyReader& body) {
  co_await gates.pass(std::string(request.param("name")));
  co_return co_await count_body(request, body);
}

Task<Response> wait_at_gate(const Request& request) {
  co_await gates.pass(std::string(request.param("name")));
  co_return Response::text("through " + std::string(request.param("name")));
}

/// `bytes` bytes in pieces of 10,000 that tell their place.
std::string piece_at(std::uint64_t offset, std::uint64_t bytes) {
  std::string piece(std::min<std::uint64_t>(10'000, bytes - offset), '.');
  const std::string place = std::to_string(offset) + "\n";
  if (place.size() <= piece.size()) piece.replace(0, place.size(), place);
  return piece;
}

Response generated(const Request& request) {
  return Response::generated(
      "text/plain",
      [offset = std::uint64_t{0},
       bytes = number(request, "bytes", 100'000)]() mutable -> std::optional<std::string> {
        if (offset >= bytes) return std::nullopt;
        std::string piece = piece_at(offset, bytes);
        offset += piece.size();
        return piece;
      });
}

Response streamed(const Request& request) {
  return Response::stream(
      "text/plain",
      [bytes = number(request, "bytes", 100'000)](duplex::BodyWriter& body) -> Task<> {
        for (std::uint64_t offset = 0; offset < bytes;) {
          const std::string piece = piece_at(offset, bytes);
          offset += piece.size();
          co_await body.write(piece);
        }
      });
}

Response broken_stream(const Request&) {
  return Response::stream("text/plain", [](duplex::BodyWriter& body) -> Task<> {
    co_await body.write("so far so good");
    co_await duplex::sleep_for(std::chrono::milliseconds(1));
    throw std::runtime_error("midway");
  });
}

Response events(const Request& request) {
  return Response::events([count =
                               number(request, "count", 3)](duplex::EventWriter& events) -> Task<> {
    for (std::uint64_t index = 0; index < count; ++index) {
      const std::string text = "event " + std::to_string(index) + "\nof " + std::to_string(count);
      const std::string id = std::to_string(index);
      co_await events.send({.data = text, .event = "step", .id = id, .retry_ms = 1500});
    }
    co_await events.comment("done");
  });
}

std::string statistics_json(const duplex::Statistics& statistics) {
  const auto entry = [](std::string_view name, std::uint64_t value) {
    return "\"" + std::string(name) + "\":" + std::to_string(value);
  };
  return "{" + entry("connections_open", statistics.connections_open) + "," +
         entry("connections_accepted", statistics.connections_accepted) + "," +
         entry("connections_refused", statistics.connections_refused) + "," +
         entry("requests", statistics.requests) + "," +
         entry("websockets_open", statistics.websockets_open) + "," +
         entry("messages_received", statistics.messages_received) + "," +
         entry("messages_dropped", statistics.messages_dropped) + "," +
         entry("slow_consumers_closed", statistics.slow_consumers_closed) + "," +
         entry("publications_waiting", statistics.publications_waiting) + "," +
         entry("tls_handshakes", statistics.tls_handshakes) + "," +
         entry("tls_resumptions", statistics.tls_resumptions) + "," +
         entry("tls_failures", statistics.tls_failures) + "}";
}

}  // namespace

void add_http_routes(duplex::Server& server, const Knobs& knobs) {
  server.get("/", [](const Request&) { return Response::text("root"); });
  server.get("/reflect", reflect);
  server.get("/tls", [](const Request& request) {
    return Response::text(describe(request.secure(), request.tls()));
  });
  server.post("/reflect", reflect);
  server.put("/reflect", reflect);
  server.get("/reflect/{rest...}", reflect);
  server.get("/only-get", [](const Request&) { return Response::text("got"); });
  server.delete_("/only-delete", [](const Request&) { return Response(Status::no_content); });
  server.post("/body",
              [](const Request& request) { return Response::bytes(std::string(request.text())); });
  server.post("/form", tell_form);
  server.post("/count", count_body);
  server.post("/count/{name}", count_body_behind_gate);
  server.post("/early", [](const Request&, duplex::BodyReader&) -> Task<Response> {
    co_return Response::text("not interested", Status::conflict);
  });
  server.get("/wait/{name}", wait_at_gate);
  server.post("/gate/{name}", [](const Request& request) {
    gates.open(std::string(request.param("name")));
    return Response(Status::no_content);
  });
  server.get("/gate/{name}", [](const Request& request) {
    return Response::text(std::to_string(gates.waiting(std::string(request.param("name")))));
  });
  server.get("/sleep/{ms}", [](const Request& request) -> Task<Response> {
    co_await duplex::sleep_for(
        std::chrono::milliseconds(std::stoi(std::string(request.param("ms")))));
    co_return Response::text("awake");
  });
  server.get("/status/{code}", [](const Request& request) {
    return Response::text("content",
                          static_cast<Status>(std::stoi(std::string(request.param("code")))));
  });
  server.get("/generated", generated);
  server.get("/streamed", streamed);
  server.get("/broken-stream", broken_stream);
  server.get("/events", events);
  server.get("/close", [](const Request&) { return Response::text("last").close_connection(); });
  server.get("/throw", [](const Request&) -> Response { throw std::runtime_error("on purpose"); });
  server.get("/throw-later", [](const Request&) -> Task<Response> {
    co_await duplex::sleep_for(std::chrono::milliseconds(1));
    throw std::runtime_error("on purpose, later");
  });
  server.get("/offload", [](const Request&) -> Task<Response> {
    co_return Response::text(co_await duplex::offload([] { return "from a thread"s; }));
  });
  server.get("/statistics", [&server](const Request&) {
    return Response::json(statistics_json(server.statistics()));
  });
  server.post("/reload", [&server](const Request&) {
    const auto done = server.reload_certificates();
    return done ? Response::text("done") : Response::text(done.error(), Status::conflict);
  });
  server.get("/diary", [](const Request&) { return Response::text(diary.text()); });
  server.get("/topic/{name}", [](const Request& request) {
    return Response::topic(std::string(request.param("name")));
  });
  server.post("/topic/{name}", [&server](const Request& request) {
    server.publish(request.param("name"), request.text());
    return Response(Status::no_content);
  });
  // `count` messages "publisher index ....", from a thread of its own.
  server.post("/publish/{name}", [&server](const Request& request) {
    std::thread([&server, topic = std::string(request.param("name")),
                 publisher = request.query("publisher").value_or("thread"),
                 count = number(request, "count", 1), bytes = number(request, "bytes", 0)] {
      for (std::uint64_t index = 0; index < count; ++index) {
        std::string text = publisher + " " + std::to_string(index) + " ";
        text.resize(std::max<std::size_t>(text.size(), bytes), '.');
        server.publish(topic, text);
      }
    }).join();
    return Response(Status::no_content);
  });
  if (knobs.has("file")) {
    server.get("/file",
               [path = knobs.text("file")](const Request&) { return Response::file(path); });
  }
  if (knobs.has("folder")) {
    server.files("/files", {.folder = knobs.text("folder"),
                            .list = knobs.has("list"),
                            .single_page = knobs.text("spa"),
                            .cache_control = knobs.text("cache-control")});
  }
}

}  // namespace test_server

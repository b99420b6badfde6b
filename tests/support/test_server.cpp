// A server for the integration tests: every limit is an argument, and every endpoint is there to
// be tested. Uses the public interface only. `test_server --threads 2 --head-ms 300 ...`

#include <semaphore.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <duplex/duplex.hpp>

namespace {

using namespace std::string_literals;
using duplex::Request;
using duplex::Response;
using duplex::Status;
using duplex::Task;
using duplex::WebSocket;

/// `--name value` pairs of the command line.
class Knobs {
 public:
  Knobs(int argc, char** argv) {
    for (int index = 1; index + 1 < argc; index += 2) values_[argv[index]] = argv[index + 1];
  }
  std::string text(const std::string& name, std::string otherwise = "") const {
    const auto found = values_.find("--" + name);
    return found == values_.end() ? std::move(otherwise) : found->second;
  }
  bool has(const std::string& name) const { return values_.contains("--" + name); }
  /// Sets `target` if the knob was given.
  template <class Integer>
  void set(const std::string& name, Integer& target) const {
    if (has(name)) target = static_cast<Integer>(std::stoull(text(name)));
  }

 private:
  std::map<std::string, std::string> values_;
};

/// Named gates that tests open: what waits at one needs no sleep to be slow.
class Gates {
 public:
  Task<> pass(std::string name) {
    duplex::Completion<bool> opened;
    {
      const std::scoped_lock lock(mutex_);
      Gate& gate = gates_[std::move(name)];
      if (gate.open) co_return;
      gate.waiting.push_back(opened.resolver());
    }
    co_await opened;
  }
  void open(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    Gate& gate = gates_[name];
    gate.open = true;
    for (const auto& waiter : gate.waiting) waiter.resolve(true);
    gate.waiting.clear();
  }
  std::size_t waiting(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    return gates_[name].waiting.size();
  }

 private:
  struct Gate {
    bool open = false;
    std::vector<duplex::Completion<bool>::Resolver> waiting;
  };
  std::mutex mutex_;
  std::map<std::string, Gate> gates_;
};

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

Gates gates;
Diary diary;
sem_t signalled;
/// Signal handlers run in whichever thread.
std::atomic<bool> stop_wanted = false;
static_assert(std::atomic<bool>::is_always_lock_free);

std::uint64_t number(const Request& request, std::string_view name, std::uint64_t otherwise) {
  const auto text = request.query(name);
  return text ? std::stoull(*text) : otherwise;
}

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

/// What a handler knows of how its connection is encrypted, and of who shows a certificate.
std::string describe(bool secure, const std::optional<duplex::tls::SessionInfo>& info) {
  if (!secure || !info) return "in clear\n";
  std::string text = "protocol: " + std::string(info->protocol) +
                     "\ncipher: " + std::string(info->cipher) +
                     "\napplication protocol: " + std::string(info->application_protocol) +
                     "\nserver name: " + std::string(info->server_name) +
                     "\nresumed: " + (info->resumed ? "yes" : "no") + "\n";
  if (const duplex::tls::Certificate* const peer = info->peer_certificate) {
    text += "subject: " + peer->subject + "\nissuer: " + peer->issuer +
            "\nfingerprint: " + peer->fingerprint + "\n";
    for (const std::string& name : peer->dns_names) text += "name: " + name + "\n";
  }
  return text;
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
         entry("tls_handshakes", statistics.tls_handshakes) + "," +
         entry("tls_resumptions", statistics.tls_resumptions) + "," +
         entry("tls_failures", statistics.tls_failures) + "}";
}

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

void echo(WebSocket& socket, duplex::Message message) {
  socket.send(message);
}

void record_open(WebSocket&, const Request&) {
  diary.opened();
}
void record_close(WebSocket&, const duplex::CloseInfo& info) {
  diary.closed(info);
}

/// Does what a message says: `close CODE REASON`, `ping PAYLOAD`, `terminate`, `throw`, `burst N
/// BYTES`, `fragments`, `buffered`, `pause GATE`.
void obey(WebSocket& socket, duplex::Message message) {
  const std::string text(message.text());
  const std::string verb = text.substr(0, text.find(' '));
  const std::string rest = text.substr(std::min(text.size(), verb.size() + 1));
  if (verb == "close") {
    socket.close(static_cast<duplex::CloseCode>(std::stoi(rest)),
                 rest.find(' ') == rest.npos ? "" : rest.substr(rest.find(' ') + 1));
  } else if (verb == "ping") {
    socket.ping(duplex::as_bytes(rest));
  } else if (verb == "terminate") {
    socket.terminate();
  } else if (verb == "throw") {
    throw std::runtime_error("on purpose");
  } else if (verb == "burst") {
    std::size_t separator = 0;
    const int count = std::stoi(rest, &separator);
    const std::string payload(std::stoul(rest.substr(separator)), 'b');
    for (int index = 0; index < count; ++index) socket.send(payload);
  } else if (verb == "fragments") {
    socket.send_fragment(duplex::Opcode::text, duplex::as_bytes("one "), false);
    socket.ping(duplex::as_bytes("between"));
    socket.send_fragment(duplex::Opcode::text, duplex::as_bytes("message"), true);
  } else if (verb == "buffered") {
    socket.send(std::to_string(socket.buffered_bytes()));
  } else if (verb == "pause") {
    socket.pause();
    auto& resuming = socket.emplace_state<Task<>>([](WebSocket paused, std::string gate) -> Task<> {
      co_await gates.pass(std::move(gate));
      paused.send("resumed");
      paused.resume();
    }(socket, rest));
    resuming.start();
  }
}

/// Sends numbered messages for as long as the client takes them, and reads at the same time.
Task<> talk_both_ways(WebSocket socket, const Request& request) {
  std::uint64_t received_bytes = 0;
  Task<> writing = [](WebSocket out, std::uint64_t count, std::string payload) -> Task<> {
    for (std::uint64_t index = 0; index < count && out.is_open(); ++index) {
      co_await out.send(std::to_string(index) + " " + payload);
    }
  }(socket, number(request, "count", 1), std::string(number(request, "bytes", 0), 'w'));
  writing.start();
  while (const auto message = co_await socket.receive()) {
    received_bytes += message->bytes().size();
    if (message->text() == "total") co_await socket.send("total " + std::to_string(received_bytes));
    if (message->text() == "end") co_return;
  }
}

/// What libwebsockets' test client talks to: one subprotocol counts, the other mirrors.
void add_libwebsockets_route(duplex::Server& server) {
  const auto start_counting = [](WebSocket& socket, const Request&) {
    diary.opened();
    if (socket.subprotocol() != "dumb-increment-protocol") return;
    socket.emplace_state<Task<>>([](WebSocket out) -> Task<> {
      for (int number = 0; out.is_open(); ++number) {
        co_await out.send(std::to_string(number));
        co_await duplex::sleep_for(std::chrono::milliseconds(2));
      }
    }(socket));
    socket.state<Task<>>().start();
  };
  server.websocket(
      "/", {.on_open = start_counting,
            .on_message = echo,
            .on_close = record_close,
            .options = {.subprotocols = {"dumb-increment-protocol", "lws-mirror-protocol"}}});
}

void add_websocket_routes(duplex::Server& server, const Knobs& knobs) {
  duplex::WebSocketOptions options;
  knobs.set("message-bytes", options.message_bytes_max);
  knobs.set("outbox-bytes", options.outbox_bytes_max);
  knobs.set("backlog-bytes", options.backlog_bytes);
  knobs.set("heartbeat-ms", options.heartbeat_ms);
  knobs.set("heartbeat-answer-ms", options.heartbeat_answer_ms_max);
  knobs.set("close-ms", options.close_ms_max);
  if (knobs.text("slow") == "drop") options.slow_consumer = duplex::SlowConsumer::drop_newest;
  if (knobs.has("origin")) options.origins = {knobs.text("origin")};

  server.websocket(
      "/echo",
      {.on_open = record_open, .on_message = echo, .on_close = record_close, .options = options});
  server.websocket("/chunks", {.on_chunk =
                                   [](WebSocket& socket, duplex::Chunk chunk) {
                                     socket.send_fragment(chunk.opcode, chunk.payload, chunk.last);
                                   },
                               .options = options});
  server.websocket("/tls", {.on_message =
                                [](WebSocket& socket, duplex::Message) {
                                  socket.send(describe(socket.secure(), socket.tls()));
                                },
                            .options = options});
  server.websocket("/session", {.session = [](WebSocket socket, const Request&) -> Task<> {
                                  while (const auto message = co_await socket.receive()) {
                                    if (message->text() == "end") co_return;
                                    if (message->text() == "throw") throw std::runtime_error("!");
                                    co_await socket.send(*message);
                                  }
                                  diary.closed({.reason = "session"});
                                },
                                .options = options});
  server.websocket("/both", {.session = talk_both_ways, .options = options});
  server.websocket("/obey", {.on_open = record_open,
                             .on_message = obey,
                             .on_pong =
                                 [](WebSocket& socket, duplex::ConstBytes payload) {
                                   socket.send("pong " + std::string(duplex::as_text(payload)));
                                 },
                             .on_close = record_close,
                             .options = options});
  server.websocket("/drain",
                   {.on_message =
                        [](WebSocket& socket, duplex::Message message) {
                          const auto sent = socket.send(message);
                          diary.closed({.reason = std::to_string(static_cast<int>(sent.status()))});
                        },
                    .on_drain = [](WebSocket&) { diary.closed({.reason = "drained"}); },
                    .options = options});
  server.websocket("/topic/{name}", {.on_open =
                                         [](WebSocket& socket, const Request& request) {
                                           socket.emplace_state<std::string>(request.param("name"));
                                           socket.subscribe(request.param("name"));
                                           diary.opened();
                                         },
                                     .on_message =
                                         [](WebSocket& socket, duplex::Message message) {
                                           const auto& topic = socket.state<std::string>();
                                           if (message.text() == "leave") {
                                             socket.unsubscribe(topic);
                                             socket.send("left");
                                           } else if (message.text().starts_with("all ")) {
                                             socket.publish_to_all(topic, message);
                                           } else {
                                             socket.publish(topic, message);
                                           }
                                         },
                                     .on_close = record_close,
                                     .options = options});
  add_libwebsockets_route(server);
  server.websocket(
      "/subprotocols",
      {.on_message = [](WebSocket& socket, duplex::Message) { socket.send(socket.subprotocol()); },
       .options = {.subprotocols = {"v2.chat", "v1.chat"}}});
  const auto decide = [](const Request& request) -> duplex::Upgrade {
    if (request.query("refuse")) {
      return duplex::Upgrade::refuse(
          Response::text("no entry", Status::unauthorized).add_field("X-Reason", "test"));
    }
    auto upgrade = duplex::Upgrade::accept()
                       .with_state<std::string>(request.query("name").value_or("nobody"))
                       .with_field("X-Greeting", "hello");
    if (const auto wanted = request.query("subprotocol")) {
      return std::move(upgrade).with_subprotocol(*wanted);
    }
    return upgrade;
  };
  const auto tell_state = [](WebSocket& socket, duplex::Message) {
    socket.send(socket.state<std::string>());
  };
  server.websocket("/decide", {.on_upgrade = decide, .on_message = tell_state});
  server.websocket("/decide-later",
                   {.on_upgrade = [decide](const Request& request) -> Task<duplex::Upgrade> {
                      co_await gates.pass("decide");
                      co_return decide(request);
                    },
                    .on_message = tell_state});
}

/// Certificates and keys as lists, separated by commas: `--tls-cert a.pem,b.pem --tls-key
/// a.key,b.key`.
duplex::tls::ServerOptions tls_options(const Knobs& knobs) {
  duplex::tls::ServerOptions options;
  std::istringstream certificates(knobs.text("tls-cert"));
  std::istringstream keys(knobs.text("tls-key"));
  for (std::string certificate, key; std::getline(certificates, certificate, ',');) {
    std::getline(keys, key, ',');
    options.more.push_back({.certificate = certificate, .key = key});
  }
  options.certificate = options.more.front().certificate;
  options.key = options.more.front().key;
  options.more.erase(options.more.begin());
  options.client_ca = knobs.text("tls-client-ca");
  if (knobs.text("tls-client-cert") == "optional") {
    options.client_certificates = duplex::tls::ClientCertificates::optional;
  }
  if (knobs.text("tls-watch") == "no") options.watch_files = false;
  if (knobs.text("tls-min") == "1.3") options.version_min = duplex::tls::Version::tls_1_3;
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Knobs knobs(argc, argv);
  duplex::ServerOptions options{.threads = 1};
  knobs.set("threads", options.threads);
  knobs.set("handshake-ms", options.time_limits.handshake_ms_max);
  knobs.set("head-ms", options.time_limits.head_ms_max);
  knobs.set("body-ms", options.time_limits.body_progress_ms_max);
  knobs.set("idle-ms", options.time_limits.idle_ms_max);
  knobs.set("stalled-write-ms", options.time_limits.stalled_write_ms_max);
  knobs.set("head-bytes", options.limits.head_bytes_max);
  knobs.set("body-bytes", options.limits.body_bytes_max);
  knobs.set("connections-max", options.connections_max);
  if (knobs.has("per-address"))
    options.connections_per_address_max = std::stoull(knobs.text("per-address"));

  duplex::Server server(options);
  add_http_routes(server, knobs);
  add_websocket_routes(server, knobs);
  sem_init(&signalled, 0, 0);
  for (int signal : {SIGINT, SIGTERM}) {
    std::signal(signal, [](int) {
      stop_wanted = true;
      sem_post(&signalled);
    });
  }
  std::signal(SIGHUP, [](int) { sem_post(&signalled); });
  duplex::ListenOptions clear;
  std::uint16_t tls_port = 0;
  if (knobs.has("tls-cert")) {
    duplex::ListenOptions encrypted{.tls = tls_options(knobs)};
    if (knobs.has("hsts")) {
      encrypted.strict_transport =
          duplex::StrictTransport{.max_age = std::chrono::seconds(std::stoul(knobs.text("hsts")))};
    }
    tls_port = server.listen(encrypted);
    if (knobs.has("redirect")) clear.redirect_to_https = tls_port;
  }
  std::cout << "http://127.0.0.1:" << server.listen(clear) << std::endl;
  if (tls_port != 0) std::cout << "https://127.0.0.1:" << tls_port << std::endl;
  if (knobs.has("unix")) server.listen({.unix_path = knobs.text("unix")});

  server.start();
  while (!stop_wanted) {
    // What goes wrong is in the log.
    if (sem_wait(&signalled) == 0 && !stop_wanted) (void)server.reload_certificates();
  }
  std::uint32_t deadline_ms = 10'000;
  knobs.set("deadline-ms", deadline_ms);
  server.stop({.deadline = std::chrono::milliseconds(deadline_ms)});
  server.wait();
  return 0;
}

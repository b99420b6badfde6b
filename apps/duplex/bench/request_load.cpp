#include "request_load.hpp"

#include <algorithm>
#include <string>

#include "subcommand.hpp"
#include <duplex/base/byte_queue.hpp>
#include <duplex/http1/request_writer.hpp>

namespace duplex::app::bench {
namespace {

/// So that requests in a pipeline leave in one call.
constexpr std::size_t copies_max = 64;
constexpr std::size_t copies_bytes_wanted = std::size_t{64} * 1024;

std::string request_of(const Setup& setup) {
  const BenchOptions& options = setup.options;
  http1::RequestPlan plan{.connection = {.close = !options.keep_alive}};
  if (options.body_bytes > 0) {
    plan.framing = http1::Framing::content_length;
    plan.content_length = options.body_bytes;
  }
  ByteQueue text;
  const auto written = http1::write_request_head(
      options.method, setup.target.url, http1::TargetForm::origin, options.fields, plan, text);
  if (!written) throw UsageError(std::string(describe(written.error())));
  return std::string(as_text(text.content())).append(options.body_bytes, 'x');
}

Round requests_of(const Setup& setup) {
  const std::string request = request_of(setup);
  const std::size_t copies =
      std::clamp<std::size_t>(copies_bytes_wanted / request.size(), 1, copies_max);
  return Round(std::vector<std::string>(copies, request));
}

}  // namespace

RequestLoad::RequestLoad(LoadThread& thread)
    : Loop(thread, requests_of(thread.setup()), thread.setup().options.body_bytes),
      rules_{.method = thread.setup().options.method, .known = {}, .fields = {}},
      keep_alive_(thread.setup().options.keep_alive),
      readers_(thread.connections().size()) {}

void RequestLoad::opened(Connection& connection, Time now) {
  readers_[connection.number].begin();
  start(connection, 0, now);
}

void RequestLoad::received(Connection& connection, Bytes input, Time now) {
  ResponseReader& reader = readers_[connection.number];
  answers_.clear();
  const std::optional<Fault> fault = reader.read(rules_, input, answers_);
  take(connection, now);
  if (fault) {
    thread().fail(connection, *fault);
  } else if (!keep_alive_ && !answers_.empty()) {
    open_again(connection);
  } else if (!reader.closes()) {
    flush_owed(connection);
  }
}

void RequestLoad::take(Connection& connection, Time now) {
  const bool goes_on = keep_alive_ && !readers_[connection.number].closes();
  for (const Answers& some : answers_) {
    const std::uint64_t unasked = answered(connection, some.count, some.bytes, now, goes_on);
    if (unasked > 0) {
      thread().recorder().error("protocol", "a response came that answers no request", unasked);
    }
    if (thread().loading()) thread().recorder().status(some.status, some.count);
    if (some.status >= 400) {
      thread().recorder().error("status " + std::to_string(some.status),
                                rules_.refusals[some.status], some.count);
    }
  }
}

/// Servers end connections after so many requests, and when nothing has come for a while.
bool RequestLoad::ended(Connection& connection) {
  ResponseReader& reader = readers_[connection.number];
  answers_.clear();
  const std::optional<Fault> fault = reader.end(answers_);
  take(connection, steady_now());
  if (fault) {
    thread().fail(connection, *fault);
    return true;
  }
  if (!reader.closes() && under_way(connection) > 0) return false;
  open_again(connection);
  return true;
}

void RequestLoad::open_again(Connection& connection) {
  take_back(connection);
  thread().close(connection);
  if (thread().wants_connections()) thread().open(connection);
}

}  // namespace duplex::app::bench

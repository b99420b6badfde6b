#include <benchmark/benchmark.h>

#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include <duplex/http1/exchange.hpp>
#include <duplex/http1/request_parser.hpp>
#include <duplex/http1/response_writer.hpp>

namespace duplex::http1 {
namespace {

constexpr std::string_view small_request = "GET /hello HTTP/1.1\r\nHost: localhost:8080\r\n\r\n";

/// What Chromium sends for a page, without its cookies.
constexpr std::string_view browser_request =
    "GET /articles/2026/the-switch?ref=front HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "Connection: keep-alive\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Encoding: gzip, deflate\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n\r\n";

/// Parses `count` requests that follow each other in one buffer.
void parse(benchmark::State& state, std::string_view request, std::size_t count) {
  std::string stream;
  for (std::size_t i = 0; i < count; ++i) stream += request;
  const Limits limits;
  FieldTable table;
  RequestParser parser(limits, table);
  for (auto _ : state) {
    Bytes input = std::as_writable_bytes(std::span(stream));
    for (;;) {
      auto event = parser.next(input);
      if (!event) std::abort();
      benchmark::DoNotOptimize(event);
      if (!*event) break;
    }
  }
  const auto requests =
      static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(count);
  state.SetItemsProcessed(requests);
  state.SetBytesProcessed(requests * static_cast<std::int64_t>(request.size()));
}

void small(benchmark::State& state) {
  parse(state, small_request, 1);
}
void small_pipelined(benchmark::State& state) {
  parse(state, small_request, 32);
}
void browser(benchmark::State& state) {
  parse(state, browser_request, 1);
}

/// The slowest of senders: what one byte of a head costs that comes alone.
void trickled(benchmark::State& state) {
  std::string stream(browser_request);
  const Limits limits;
  FieldTable table;
  RequestParser parser(limits, table);
  for (auto _ : state) {
    for (std::size_t size = 1; size <= stream.size(); ++size) {
      Bytes input = std::as_writable_bytes(std::span(stream).first(size));
      auto event = parser.next(input);
      benchmark::DoNotOptimize(event);
    }
    Bytes nothing;
    if (!parser.next(nothing) || !parser.idle()) std::abort();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(stream.size()));
}

void whole_exchange(benchmark::State& state) {
  std::string stream(small_request);
  const Limits limits;
  FieldTable table;
  RequestParser parser(limits, table);
  Exchange exchange(limits);
  http::Fields fields;
  fields.add("Content-Type", "text/plain; charset=utf-8");
  ByteQueue out;
  for (auto _ : state) {
    Bytes input = std::as_writable_bytes(std::span(stream));
    auto event = parser.next(input);
    const auto& head = std::get<RequestParser::Head>(**event);
    exchange.begin(head.head, head.framing);
    event = parser.next(input);
    exchange.request_ended();
    const ResponsePlan plan = exchange.plan(http::Status::ok, 12);
    write_response_head(http::Status::ok, fields, plan, "Sun, 06 Nov 1994 08:49:37 GMT", out);
    out.append("hello world\n");
    exchange.response_ended();
    if (exchange.next_step() != NextStep::read_request) std::abort();
    benchmark::DoNotOptimize(out.content().data());
    out.clear();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

BENCHMARK(small);
BENCHMARK(small_pipelined);
BENCHMARK(browser);
BENCHMARK(trickled);
BENCHMARK(whole_exchange);

}  // namespace
}  // namespace duplex::http1

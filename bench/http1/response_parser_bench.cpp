#include <benchmark/benchmark.h>

#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include <duplex/http1/response_parser.hpp>

namespace duplex::http1 {
namespace {

/// Parses one response again and again.
void parse(benchmark::State& state, std::string_view response) {
  std::string stream(response);
  const ResponseLimits limits;
  FieldTable table;
  ResponseParser parser(limits, table);
  for (auto _ : state) {
    parser.expect({});
    Bytes input = std::as_writable_bytes(std::span(stream));
    for (;;) {
      auto event = parser.next(input);
      if (!event) std::abort();
      benchmark::DoNotOptimize(event);
      if (!*event) break;
    }
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(response.size()));
}

void small(benchmark::State& state) {
  parse(state,
        "HTTP/1.1 200 OK\r\n"
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Length: 12\r\n\r\n"
        "hello world\n");
}

/// As many fields as those send that are behind a proxy and a cache.
void many_fields(benchmark::State& state) {
  parse(state,
        "HTTP/1.1 200 OK\r\n"
        "Server: nginx\r\n"
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        "Content-Type: application/json\r\n"
        "Content-Length: 2\r\n"
        "Connection: keep-alive\r\n"
        "Vary: Accept-Encoding, Origin\r\n"
        "ETag: \"5d8c72a5edda8d6a\"\r\n"
        "Cache-Control: public, max-age=60, stale-while-revalidate=30\r\n"
        "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "X-Request-Id: 7b1e2f9c-4b8e-4a54-9d0e-2f6f0f1f8a11\r\n"
        "Via: 1.1 cache.example.com\r\n"
        "Age: 12\r\n\r\n"
        "{}");
}

BENCHMARK(small);
BENCHMARK(many_fields);

}  // namespace
}  // namespace duplex::http1

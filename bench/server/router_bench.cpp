#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "server/router.hpp"

namespace duplex::server {
namespace {

/// Looks up `path` among some hundred routes of an API.
void find(benchmark::State& state, std::string_view path) {
  Router router;
  std::size_t route = 0;
  router.add(http::Method::get, "/", route++);
  for (int i = 0; i < 50; ++i) {
    const std::string resource = "/api/v1/resource-" + std::to_string(i);
    router.add(http::Method::get, resource, route++);
    router.add(http::Method::get, resource + "/{id}", route++);
    router.add(http::Method::get, resource + "/{id}/parts/{part}", route++);
  }
  for (auto _ : state) {
    const RouteMatch match = router.find(http::Method::get, path);
    if (!match) std::abort();
    benchmark::DoNotOptimize(match.route());
  }
  state.SetItemsProcessed(state.iterations());
}

void root(benchmark::State& state) {
  find(state, "/");
}
void literal(benchmark::State& state) {
  find(state, "/api/v1/resource-25");
}
void parameters(benchmark::State& state) {
  find(state, "/api/v1/resource-25/1234/parts/7");
}

BENCHMARK(root);
BENCHMARK(literal);
BENCHMARK(parameters);

}  // namespace
}  // namespace duplex::server

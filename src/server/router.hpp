#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <duplex/http/method.hpp>
#include <duplex/http/method_set.hpp>

namespace duplex::server {

/// What a path and a method come to.
class RouteMatch {
 public:
  /// Parameters that a pattern may have.
  static constexpr std::size_t parameters_max = 16;

  enum class Outcome : std::uint8_t {
    found,
    not_found,           ///< No pattern matches the path.
    method_not_allowed,  ///< Some do, but for other methods: those in `allowed()`.
  };

  Outcome outcome() const noexcept { return outcome_; }
  explicit operator bool() const noexcept { return outcome_ == Outcome::found; }

  /// The number that the route was added with. Only when found.
  std::size_t route() const noexcept { return route_; }

  /// The methods of all patterns that match the path. Only when the method is not allowed.
  http::MethodSet allowed() const noexcept { return allowed_; }

  /// Whether a WebSocket endpoint matches the path, too. Only when a method was looked for, and not
  /// found.
  bool has_websocket() const noexcept { return has_websocket_; }

  /// The names of the parameters, as in the pattern, in its order. They live as long as the router.
  std::span<const std::string> names() const noexcept { return names_; }

  /// Their values in the same order: views of the path, percent-encoded, and well so.
  std::span<const std::string_view> values() const noexcept { return {values_.data(), count_}; }

  /// The encoded value of the parameter `name`; nullopt when the pattern has none.
  std::optional<std::string_view> value(std::string_view name) const noexcept;

 private:
  friend class Router;

  Outcome outcome_ = Outcome::not_found;
  http::MethodSet allowed_;
  bool has_websocket_ = false;
  std::size_t route_ = 0;
  std::span<const std::string> names_;
  std::size_t count_ = 0;
  std::array<std::string_view, parameters_max> values_;
};

/// Finds the route of a request: a tree of path segments, in which numbers stand for handlers.
///
/// A pattern is a path whose segments are literal text (percent-encoded or not), `{name}` for any
/// one segment that is not empty, or at its end `{name...}` for all that is left, also nothing. A
/// literal is preferred to `{name}`, and that to `{name...}`, from left to right; when the
/// preferred branch leads nowhere the next one is tried, also if it leads to other methods only. A
/// slash at the end counts. Dot segments match nothing. Does not know what the numbers mean, nor
/// OPTIONS.
///
/// Patterns are added first, by one thread; after that any number may look up.
class Router {
 public:
  Router();

  /// Adds a route for `method`. Throws std::invalid_argument, in words that say what to change,
  /// when `pattern` is malformed, or has the same segments as one that has this method already.
  void add(http::Method method, std::string_view pattern, std::size_t route);

  /// Adds a WebSocket endpoint; a path may have one and a route for GET too. Throws as `add` does.
  void add_websocket(std::string_view pattern, std::size_t route);

  /// The route of a request with `path`, which is percent-encoded and without a query. HEAD finds
  /// what GET would, unless it has a route of its own. Does not allocate.
  RouteMatch find(http::Method method, std::string_view path) const noexcept;

  /// The WebSocket endpoint at `path`. Does not allocate.
  RouteMatch find_websocket(std::string_view path) const noexcept;

 private:
  /// What a route can be for: a method, or behind the last of them WebSocket.
  using Purpose = std::size_t;
  static constexpr Purpose websocket_purpose = http::method_count;
  static constexpr std::size_t none = SIZE_MAX;

  struct Route {
    std::size_t number;
    std::string pattern;
    std::vector<std::string> names;
  };

  /// What follows a beginning of patterns; `none` where nothing does. All are positions in tables.
  struct Node {
    Node() { routes.fill(none); }
    std::map<std::string, std::size_t, std::less<>> literals;
    std::size_t any = none;
    std::size_t rest = none;
    std::array<std::size_t, http::method_count + 1> routes;
  };

  /// Of texts and of views of them.
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };

  struct Search;

  void add(Purpose purpose, std::string_view pattern, std::size_t number);
  std::size_t child(std::size_t& link);
  RouteMatch find(Purpose purpose, std::string_view path) const noexcept;
  bool descend(Search& search, std::size_t node, std::string_view path) const noexcept;
  bool arrive(Search& search, std::size_t node) const noexcept;
  std::size_t literal_child(const Node& node, std::string_view segment) const noexcept;

  std::vector<Node> nodes_;
  /// Where patterns lead to that can be compared with paths as they are: nearly all without
  /// parameters.
  std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> plain_;
  std::vector<Route> routes_;
};

}  // namespace duplex::server

#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "server/path.hpp"
#include "server/router.hpp"
#include <duplex/http/percent.hpp>

namespace duplex::server {

/// Patterns of every kind, which overlap. Their numbers are their positions; odd ones take POST.
inline const std::vector<std::string>& fuzzed_patterns() {
  static const std::vector<std::string> patterns = {
      "/",        "/a",          "/a/",      "/a/{x}",         "/{x}/b",       "/a/b/{rest...}",
      "/{x}/{y}", "/{rest...}",  "/a/{x}/c", "/caf%C3%A9/{x}", "/{x}/{y}/{z}", "/{x}/c/{rest...}",
      "/a/b",     "/a/{x}/c/d/", "/q",       "/%61/b"};
  return patterns;
}

inline const Router& fuzzed_router() {
  static const Router router = [] {
    Router made;
    for (std::size_t i = 0; i < fuzzed_patterns().size(); ++i) {
      made.add(i % 2 == 0 ? http::Method::get : http::Method::post, fuzzed_patterns()[i], i);
    }
    return made;
  }();
  return router;
}

/// `path` split at its slashes, still encoded, without the first empty piece.
inline std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    segments.push_back(path.substr(0, path.find('/')));
    path.remove_prefix(segments.back().size());
  }
  return segments;
}

/// How `pattern` matches `path`, one letter a segment: the lesser text is the preferred match
/// (a literal, then any, then the rest). Empty when it doesn't. The naive twin of the tree.
inline std::string precedence(std::string_view pattern, std::string_view path) {
  if (!is_safe_path(path)) return {};
  const auto wanted = split(pattern);
  const auto given = split(path);
  std::string result;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (i >= given.size()) return {};
    if (wanted[i].ends_with("...}")) return result + "3";
    if (wanted[i].starts_with('{')) {
      if (given[i].empty()) return {};
      result += "2";
    } else {
      if (http::percent_decode(wanted[i]) != http::percent_decode(given[i])) return {};
      result += "1";
    }
  }
  return wanted.size() == given.size() ? result : std::string();
}

/// Whether the router finds for `path` what trying every pattern finds; if not, what is broken.
inline std::string_view broken_router_property(std::string_view path) {
  const auto& patterns = fuzzed_patterns();
  for (const http::Method method : {http::Method::get, http::Method::post, http::Method::head}) {
    const RouteMatch match = fuzzed_router().find(method, path);
    std::size_t best = patterns.size();
    std::string best_precedence;
    bool any = false;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      const std::string found = precedence(patterns[i], path);
      if (found.empty()) continue;
      any = true;
      const bool takes_method = (i % 2 == 0) == (method != http::Method::post);
      if (takes_method && (best == patterns.size() || found < best_precedence)) {
        best = i;
        best_precedence = found;
      }
    }
    if (static_cast<bool>(match) != (best < patterns.size()))
      return "it is found when some pattern matches";
    if (!match) {
      const auto expected =
          any ? RouteMatch::Outcome::method_not_allowed : RouteMatch::Outcome::not_found;
      if (match.outcome() != expected) return "other methods make it not allowed";
      continue;
    }
    if (match.route() != best) return "the preferred pattern is found";
    if (match.names().size() != match.values().size()) return "each parameter has a value";
    for (std::string_view value : match.values()) {
      if (!http::percent_decode(value)) return "values are well encoded";
      if (value.data() < path.data() || value.data() + value.size() > path.data() + path.size()) {
        return "values are views of the path";
      }
    }
  }
  return {};
}

/// Whether any text, taken for a pattern, is either refused or finds itself.
inline std::string_view broken_pattern_property(std::string_view pattern) {
  Router router;
  try {
    router.add(http::Method::get, pattern, 7);
  } catch (const std::invalid_argument&) {
    return {};
  }
  if (pattern.find('{') != std::string_view::npos) return {};
  const std::string path = http::percent_encode(pattern, "/%");
  return router.find(http::Method::get, path) ? "" : "a literal pattern matches itself";
}

}  // namespace duplex::server

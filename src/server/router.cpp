#include "server/router.hpp"

#include <algorithm>
#include <stdexcept>

#include "server/path.hpp"
#include <duplex/http/percent.hpp>

namespace duplex::server {

namespace {

constexpr std::size_t get_purpose = static_cast<std::size_t>(http::Method::get);
constexpr std::size_t head_purpose = static_cast<std::size_t>(http::Method::head);

[[noreturn]] void refuse(std::string_view pattern, const std::string& why) {
  throw std::invalid_argument("route pattern \"" + std::string(pattern) + "\" " + why);
}

/// A segment of a pattern.
struct Segment {
  enum class Kind : std::uint8_t { literal, any, rest };
  Kind kind = Kind::literal;
  /// The decoded literal, or the parameter's name.
  std::string text;
};

bool is_name_character(char character) noexcept {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_' || character == '-';
}

Segment parse_parameter(std::string_view pattern, std::string_view inner) {
  Segment segment{Segment::Kind::any, {}};
  if (inner.ends_with("...")) {
    segment.kind = Segment::Kind::rest;
    inner.remove_suffix(3);
  }
  if (inner.empty() || !std::ranges::all_of(inner, is_name_character)) {
    refuse(pattern,
           "has a parameter without a name: write {name} or {name...}, of letters, "
           "digits, _ and -");
  }
  segment.text = inner;
  return segment;
}

Segment parse_segment(std::string_view pattern, std::string_view text) {
  if (text.starts_with('{') && text.ends_with('}')) {
    return parse_parameter(pattern, text.substr(1, text.size() - 2));
  }
  if (text.find_first_of("{}") != std::string_view::npos) {
    refuse(pattern,
           "mixes text and a parameter in one segment: {name} must stand between slashes, "
           "and a brace of its own is written %7B or %7D");
  }
  if (text.find_first_of("?#") != std::string_view::npos) {
    refuse(pattern, "must be a path without ? or #: handlers read the query from the request");
  }
  std::optional<std::string> literal = http::percent_decode(text);
  if (!literal) refuse(pattern, "has a % that is not followed by two hexadecimal digits");
  if (*literal == "." || *literal == "..") {
    refuse(pattern, "has a . or .. segment, which no request can have");
  }
  if (literal->find('/') != std::string::npos || literal->find('\0') != std::string::npos) {
    refuse(pattern, "has an encoded slash or NUL, which no literal segment can have");
  }
  return {Segment::Kind::literal, std::move(*literal)};
}

std::vector<Segment> parse_pattern(std::string_view pattern) {
  if (!pattern.starts_with('/')) refuse(pattern, "must begin with /");
  std::vector<Segment> segments;
  std::string_view left = pattern;
  while (!left.empty()) {
    left.remove_prefix(1);
    const std::string_view text = left.substr(0, left.find('/'));
    left.remove_prefix(text.size());
    if (text.empty() && !left.empty()) refuse(pattern, "has an empty segment: write one slash");
    Segment segment = parse_segment(pattern, text);
    if (segment.kind == Segment::Kind::rest && !left.empty()) {
      refuse(pattern, "has {" + segment.text + "...} before its end: it must be the last segment");
    }
    segments.push_back(std::move(segment));
  }
  return segments;
}

}  // namespace

std::optional<std::string_view> RouteMatch::value(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < count_; ++i) {
    if (names_[i] == name) return values_[i];
  }
  return std::nullopt;
}

/// One look-up on its way through the tree.
struct Router::Search {
  Purpose purpose;
  RouteMatch& match;
};

Router::Router() : nodes_(1) {}

void Router::add(http::Method method, std::string_view pattern, std::size_t route) {
  add(static_cast<Purpose>(method), pattern, route);
}

void Router::add_websocket(std::string_view pattern, std::size_t route) {
  add(websocket_purpose, pattern, route);
}

std::size_t Router::child(std::size_t& link) {
  if (link != none) return link;
  // The new node may move the one that `link` is in, and is therefore the last thing to be done.
  const std::size_t made = nodes_.size();
  link = made;
  nodes_.emplace_back();
  return made;
}

void Router::add(Purpose purpose, std::string_view pattern, std::size_t number) {
  const std::vector<Segment> segments = parse_pattern(pattern);
  Route route{number, std::string(pattern), {}};
  for (const Segment& segment : segments) {
    if (segment.kind == Segment::Kind::literal) continue;
    if (std::ranges::find(route.names, segment.text) != route.names.end()) {
      refuse(pattern, "has two parameters named " + segment.text + ": rename one");
    }
    route.names.push_back(segment.text);
  }
  if (route.names.size() > RouteMatch::parameters_max) {
    refuse(pattern, "has more than " + std::to_string(RouteMatch::parameters_max) + " parameters");
  }

  std::size_t node = 0;
  for (const Segment& segment : segments) {
    switch (segment.kind) {
      case Segment::Kind::literal:
        node = child(nodes_[node].literals.try_emplace(segment.text, none).first->second);
        break;
      case Segment::Kind::any: node = child(nodes_[node].any); break;
      case Segment::Kind::rest: node = child(nodes_[node].rest); break;
    }
  }
  std::size_t& place = nodes_[node].routes[purpose];
  if (place != none) {
    refuse(pattern, "is taken already, by \"" + routes_[place].pattern + "\", for " +
                        (purpose == websocket_purpose
                             ? std::string("WebSocket")
                             : std::string(name(static_cast<http::Method>(purpose)))));
  }
  place = routes_.size();
  if (route.names.empty() && !pattern.contains('%')) plain_.emplace(pattern, node);
  routes_.push_back(std::move(route));
}

RouteMatch Router::find(http::Method method, std::string_view path) const noexcept {
  return find(static_cast<Purpose>(method), path);
}

RouteMatch Router::find_websocket(std::string_view path) const noexcept {
  return find(websocket_purpose, path);
}

RouteMatch Router::find(Purpose purpose, std::string_view path) const noexcept {
  RouteMatch match;
  Search search{purpose, match};
  // No branch is preferred to that of literals only.
  const auto plain = plain_.find(path);
  if (plain != plain_.end() && arrive(search, plain->second)) return match;

  if (!is_safe_path(path)) return match;
  if (!descend(search, 0, path) && !match.allowed_.empty()) {
    match.outcome_ = RouteMatch::Outcome::method_not_allowed;
  }
  return match;
}

std::size_t Router::literal_child(const Node& node, std::string_view segment) const noexcept {
  if (segment.find('%') == std::string_view::npos) {
    const auto found = node.literals.find(segment);
    return found == node.literals.end() ? none : found->second;
  }
  for (const auto& [literal, child] : node.literals) {
    if (decodes_to(segment, literal)) return child;
  }
  return none;
}

/// Follows `path`, which is empty or begins with a slash, from `position` on. Each node is visited
/// once at most, since there is one way to it. As deep as the longest pattern, not as the path.
bool Router::descend(Search& search, std::size_t position, std::string_view path) const noexcept {
  const Node& node = nodes_[position];
  RouteMatch& match = search.match;
  if (path.empty()) return arrive(search, position);

  const std::string_view left = path.substr(1);
  const std::string_view segment = left.substr(0, left.find('/'));
  const std::string_view behind = left.substr(segment.size());

  const std::size_t literal = literal_child(node, segment);
  if (literal != none && descend(search, literal, behind)) return true;

  if (node.any != none && !segment.empty()) {
    match.values_[match.count_++] = segment;
    if (descend(search, node.any, behind)) return true;
    --match.count_;
  }
  if (node.rest != none) {
    match.values_[match.count_++] = left;
    if (arrive(search, node.rest)) return true;
    --match.count_;
  }
  return false;
}

/// The end of the path: takes the route for the purpose, or notes what the node has instead.
bool Router::arrive(Search& search, std::size_t position) const noexcept {
  const Node& node = nodes_[position];
  RouteMatch& match = search.match;
  std::size_t found = node.routes[search.purpose];
  if (found == none && search.purpose == head_purpose) found = node.routes[get_purpose];
  if (found != none) {
    match.outcome_ = RouteMatch::Outcome::found;
    match.route_ = routes_[found].number;
    match.names_ = routes_[found].names;
    return true;
  }
  if (search.purpose == websocket_purpose) return false;
  if (node.routes[websocket_purpose] != none) match.has_websocket_ = true;
  for (Purpose other = 0; other < http::method_count; ++other) {
    if (node.routes[other] != none) match.allowed_.add(static_cast<http::Method>(other));
  }
  if (node.routes[get_purpose] != none) match.allowed_.add(http::Method::head);
  return false;
}

}  // namespace duplex::server

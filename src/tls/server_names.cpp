#include "tls/server_names.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include <duplex/base/ascii.hpp>

namespace duplex::tls {
namespace {

// RFC 1035 section 2.3.4, with a dot at the end.
constexpr std::size_t host_bytes_max = 254;

using Names = std::set<std::string, std::less<>>;

std::string_view without_last_dot(std::string_view host) noexcept {
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

/// What stands for the first label of names that `*` may stand for; empty when there is none.
std::string_view after_first_label(std::string_view name) noexcept {
  const std::size_t dot = name.find('.');
  return dot == std::string_view::npos || dot == 0 ? std::string_view() : name.substr(dot);
}

/// Wildcards are whole first labels only: no client takes `f*.example` any more (RFC 9525 section
/// 6.3).
bool is_usable(std::string_view name) noexcept {
  if (name.empty()) return false;
  const std::size_t star = name.find('*');
  if (star == std::string_view::npos) return true;
  return star == 0 && name.starts_with("*.") && name.size() > 2 &&
         name.find('*', 1) == std::string_view::npos;
}

Names names_of(const ServerNames::Entry& entry) {
  Names names;
  for (const std::string& original : entry.names) {
    std::string name(without_last_dot(original));
    std::ranges::transform(name, name.begin(), to_lower);
    if (is_usable(name)) names.insert(std::move(name));
  }
  return names;
}

enum class Fit : std::uint8_t { none, by_wildcard, exact };

Fit fit_of(const Names& names, std::string_view name) {
  if (names.contains(name)) return Fit::exact;
  const std::string_view rest = after_first_label(name);
  if (rest.empty() || name.starts_with('*')) return Fit::none;
  return names.contains("*" + std::string(rest)) ? Fit::by_wildcard : Fit::none;
}

/// Of each type of key the best credential for `name`.
ServerNames::Set best_for(std::string_view name, std::span<const ServerNames::Entry> entries,
                          const std::vector<Names>& names) {
  ServerNames::Set set;
  for (const Fit wanted : {Fit::exact, Fit::by_wildcard}) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const bool taken = std::ranges::any_of(
          set, [&](std::size_t other) { return entries[other].key_type == entries[i].key_type; });
      if (!taken && fit_of(names[i], name) == wanted) set.push_back(i);
    }
  }
  std::ranges::sort(set);
  return set;
}

ServerNames::Set default_of(std::span<const ServerNames::Entry> entries,
                            const std::vector<Names>& names) {
  ServerNames::Set set{0};
  for (std::size_t i = 1; i < entries.size() && !names[0].empty(); ++i) {
    const bool taken = std::ranges::any_of(
        set, [&](std::size_t other) { return entries[other].key_type == entries[i].key_type; });
    const bool for_all = std::ranges::all_of(
        names[0], [&](const std::string& name) { return fit_of(names[i], name) != Fit::none; });
    if (!taken && for_all) set.push_back(i);
  }
  return set;
}

}  // namespace

ServerNames::ServerNames(std::span<const Entry> entries) {
  std::vector<Names> names;
  for (const Entry& entry : entries) names.push_back(names_of(entry));

  place_of(default_of(entries, names));
  for (const Names& some : names) {
    for (const std::string& name : some) {
      if (!by_name_.contains(name)) by_name_[name] = place_of(best_for(name, entries, names));
    }
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    for (std::size_t j = i + 1; j < entries.size(); ++j) {
      if (entries[i].key_type != entries[j].key_type) continue;
      const auto shared = std::ranges::find_if(
          names[i], [&](const std::string& name) { return names[j].contains(name); });
      if (shared != names[i].end()) clashes_.push_back({.used = i, .unused = j, .name = *shared});
    }
  }
}

std::size_t ServerNames::place_of(Set set) {
  const auto found = std::ranges::find(sets_, set);
  if (found != sets_.end()) return static_cast<std::size_t>(found - sets_.begin());
  sets_.push_back(std::move(set));
  return sets_.size() - 1;
}

std::size_t ServerNames::find(std::string_view host) const noexcept {
  host = without_last_dot(host);
  if (host.size() > host_bytes_max) return 0;
  // A star in front, in case it takes the first label's place.
  std::array<char, host_bytes_max + 1> buffer{};
  buffer[0] = '*';
  std::ranges::transform(host, buffer.begin() + 1, to_lower);
  const std::string_view name(buffer.data() + 1, host.size());
  if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;

  const std::string_view rest = after_first_label(name);
  if (rest.empty()) return 0;
  const std::size_t dot = name.size() - rest.size();
  buffer[dot] = '*';  // where the first label's last character was
  const auto found = by_name_.find(std::string_view(buffer.data() + dot, rest.size() + 1));
  return found != by_name_.end() ? found->second : 0;
}

}  // namespace duplex::tls

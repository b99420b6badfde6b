#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tls/key_type.hpp"

namespace duplex::tls {

/// Which certificates are offered to a client, by the host that it asks for (SNI, RFC 6066 section
/// 3): at most one of each type of key.
class ServerNames {
 public:
  /// A credential, as far as names are concerned.
  struct Entry {
    std::vector<std::string> names;
    KeyType key_type;
  };
  /// Two credentials that would do for the same name with the same type of key.
  struct Clash {
    std::size_t used;
    std::size_t unused;
    std::string name;  ///< one of those that they share
  };
  /// Credentials' places in the list, in its order.
  using Set = std::vector<std::size_t>;

  /// Of what does for a name with one type of key, an exact name comes before a wildcard, and then
  /// what is listed first. `entries` has at least one.
  explicit ServerNames(std::span<const Entry> entries);

  /// The distinct sets. The first is the default, for clients that name nothing that is known: the
  /// first credential, and of other types of key those that are for all its names, too.
  const std::vector<Set>& sets() const noexcept { return sets_; }
  const std::vector<Clash>& clashes() const noexcept { return clashes_; }

  /// The place in `sets` of the set for `host`: for the exact name, or for the wildcard in place of
  /// its first label (RFC 6125 section 6.4.3); 0 for an unknown one. Case is ignored, and a dot at
  /// the end, too.
  std::size_t find(std::string_view host) const noexcept;

 private:
  std::size_t place_of(Set set);

  std::vector<Set> sets_;
  std::vector<Clash> clashes_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
};

}  // namespace duplex::tls

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace duplex::client {

/// Hosts that are connected to directly, as `no_proxy` lists them; see `ProxyOptions::no_proxy`.
class NoProxy {
 public:
  /// Covers nothing.
  NoProxy() = default;
  /// Elements that can't be read cover nothing, as with curl and Go: a variable is written for
  /// whichever programs there are, each with forms of its own.
  explicit NoProxy(std::string_view list);

  /// The first element that could not be read; empty when all could.
  const std::string& unreadable() const noexcept { return unreadable_; }

  /// `host` as in `http::Url`: in lower case and without brackets. A dot at the end of a name makes
  /// no difference.
  bool covers(std::string_view host, std::uint16_t port) const noexcept;

 private:
  /// The addresses that have the first `bits` in common with `address`; IPv4 is mapped into IPv6.
  struct Block {
    std::array<std::uint8_t, 16> address;
    unsigned bits;
  };
  struct Element {
    /// A name stands for itself and all below it.
    std::variant<std::string, Block> hosts;
    std::optional<std::uint16_t> port;
  };

  static std::optional<Element> parse_element(std::string_view text);
  static std::optional<Block> parse_block(std::string_view address, std::string_view bits) noexcept;
  static bool contains(const Block& block, const std::array<std::uint8_t, 16>& address) noexcept;

  std::vector<Element> elements_;
  std::string unreadable_;
  bool everything_ = false;
};

/// Whether `host` (as for `NoProxy::covers`) is this machine by its very name: localhost and all
/// below it (RFC 6761 section 6.3), 127.0.0.0/8 and ::1.
bool is_loopback(std::string_view host);

}  // namespace duplex::client

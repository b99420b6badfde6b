#include "client/no_proxy.hpp"

#include <algorithm>
#include <utility>

#include "client/ip_address.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/http/url.hpp>

namespace duplex::client {
namespace {

constexpr unsigned ipv4_prefix_bits = 96;  // of a mapped address, before the IPv4 address itself

bool is_ipv4(const std::array<std::uint8_t, 16>& address) noexcept {
  return std::ranges::all_of(address.begin(), address.begin() + 10,
                             [](std::uint8_t byte) { return byte == 0; }) &&
         address[10] == 0xff && address[11] == 0xff;
}

std::string_view without_brackets(std::string_view text) noexcept {
  const bool bracketed = text.size() >= 2 && text.front() == '[' && text.back() == ']';
  return bracketed ? text.substr(1, text.size() - 2) : text;
}

std::string_view without_last_dot(std::string_view name) noexcept {
  return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

bool is_at_or_below(std::string_view host, std::string_view name) noexcept {
  if (!host.ends_with(name)) return false;
  return host.size() == name.size() || host[host.size() - name.size() - 1] == '.';
}

}  // namespace

NoProxy::NoProxy(std::string_view list) {
  constexpr std::string_view separators = ", \t\r\n";
  while (true) {
    list.remove_prefix(std::min(list.find_first_not_of(separators), list.size()));
    if (list.empty()) return;
    const std::string_view text = list.substr(0, list.find_first_of(separators));
    list.remove_prefix(text.size());
    if (text == "*") {
      everything_ = true;
    } else if (auto element = parse_element(text)) {
      elements_.push_back(std::move(*element));
    } else if (unreadable_.empty()) {
      unreadable_ = text;
    }
  }
}

bool NoProxy::covers(std::string_view host, std::uint16_t port) const noexcept {
  if (everything_) return true;
  host = without_last_dot(host);
  const auto address = IpAddress::parse(host);
  return std::ranges::any_of(elements_, [&](const Element& element) {
    if (element.port && element.port != port) return false;
    const auto* block = std::get_if<Block>(&element.hosts);
    if (block != nullptr) return address && contains(*block, address->mapped());
    return !address && is_at_or_below(host, *std::get_if<std::string>(&element.hosts));
  });
}

std::optional<NoProxy::Element> NoProxy::parse_element(std::string_view text) {
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    const auto block = parse_block(without_brackets(text.substr(0, slash)), text.substr(slash + 1));
    if (!block) return std::nullopt;
    return Element{*block, std::nullopt};
  }
  // Before the colons of an address are taken for that of a port.
  if (const auto address = IpAddress::parse(text)) {
    return Element{Block{address->mapped(), 128}, std::nullopt};
  }

  if (text.starts_with("*.")) text.remove_prefix(1);
  if (text.starts_with('.')) text.remove_prefix(1);
  const auto authority = http::parse_authority(text);
  if (!authority || authority->port == 0) return std::nullopt;
  if (const auto address = IpAddress::parse(authority->host)) {
    return Element{Block{address->mapped(), 128}, authority->port};
  }
  std::string name(without_last_dot(authority->host));
  if (name.empty() || name.find('*') != std::string::npos) return std::nullopt;
  std::ranges::transform(name, name.begin(), to_lower);
  return Element{std::move(name), authority->port};
}

std::optional<NoProxy::Block> NoProxy::parse_block(std::string_view address,
                                                   std::string_view bits) noexcept {
  const auto parsed = IpAddress::parse(address);
  const auto count = parse_decimal(bits);
  if (!parsed || !count || *count > (parsed->is_ipv4() ? 32 : 128)) return std::nullopt;
  const unsigned before = parsed->is_ipv4() ? ipv4_prefix_bits : 0;
  return Block{parsed->mapped(), before + static_cast<unsigned>(*count)};
}

bool NoProxy::contains(const Block& block, const std::array<std::uint8_t, 16>& address) noexcept {
  // ::/0 is all of IPv6, and not IPv4 as well, which is mapped there only by us.
  if (is_ipv4(address) && block.bits < ipv4_prefix_bits) return false;
  const std::size_t whole = block.bits / 8;
  if (!std::equal(address.begin(), address.begin() + whole, block.address.begin())) return false;
  const unsigned rest = block.bits % 8;
  return rest == 0 || (address[whole] ^ block.address[whole]) >> (8 - rest) == 0;
}

bool is_loopback(std::string_view host) {
  static const NoProxy loopback("localhost 127.0.0.0/8 ::1");
  return loopback.covers(host, 0);
}

}  // namespace duplex::client

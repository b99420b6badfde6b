#include "client/socks5.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "client/ip_address.hpp"

namespace duplex::client {
namespace {

// RFC 1928 and RFC 1929, in the order of their sections.
constexpr std::uint8_t version = 5;
constexpr std::uint8_t no_authentication = 0;
constexpr std::uint8_t user_and_password = 2;
constexpr std::uint8_t none_acceptable = 0xff;
constexpr std::uint8_t login_version = 1;
constexpr std::uint8_t connect = 1;
constexpr std::uint8_t ipv4 = 1;
constexpr std::uint8_t domain_name = 3;
constexpr std::uint8_t ipv6 = 4;
constexpr std::uint8_t replies_assigned = 8;

constexpr std::size_t text_bytes_max = 255;  // a length is one byte

std::uint8_t byte_at(ConstBytes bytes, std::size_t index) noexcept {
  return std::to_integer<std::uint8_t>(bytes[index]);
}

void append(std::span<const std::uint8_t> bytes, ByteQueue& out) noexcept {
  out.append(std::as_bytes(bytes));
}

/// A length of one byte, and the text.
void append_counted(std::string_view text, ByteQueue& out) noexcept {
  append(std::array{static_cast<std::uint8_t>(text.size())}, out);
  out.append(text);
}

}  // namespace

Socks5::Socks5(const Proxy& proxy, const http::Url& target)
    : host_(target.host), credentials_(proxy.credentials), port_(target.port) {}

std::expected<void, ProxyFailure> Socks5::begin(ByteQueue& out) noexcept {
  if (host_.empty() || host_.size() > text_bytes_max) return fail(ProxyError::host_not_sayable);
  // RFC 1929 section 2 wants a password of one byte at least; servers take an empty one.
  if (credentials_ && (credentials_->user.empty() || credentials_->user.size() > text_bytes_max ||
                       credentials_->password.size() > text_bytes_max)) {
    return fail(ProxyError::login_not_sayable);
  }
  if (credentials_) {
    append(std::array{version, std::uint8_t{2}, no_authentication, user_and_password}, out);
  } else {
    append(std::array{version, std::uint8_t{1}, no_authentication}, out);
  }
  return {};
}

std::expected<bool, ProxyFailure> Socks5::next(Bytes& input, ByteQueue& out) noexcept {
  while (phase_ != Phase::open) {
    const Result complete = step(input, out);
    if (!complete) return fail(complete.error());
    if (!*complete) return false;
  }
  return true;
}

ProxyFailure Socks5::end_of_input() noexcept {
  return fail(phase_ == Phase::failed ? error_ : ProxyError::closed_early).error();
}

Socks5::Result Socks5::step(Bytes& input, ByteQueue& out) noexcept {
  switch (phase_) {
    case Phase::choosing_method: return read_method(input, out);
    case Phase::logging_in: return read_login_status(input, out);
    case Phase::connecting: {
      const Result complete = read_reply(input);
      if (complete && *complete) phase_ = Phase::open;
      return complete;
    }
    case Phase::open: return true;
    case Phase::failed: return std::unexpected(error_);
  }
  return false;
}

/// VER METHOD (RFC 1928 section 3).
Socks5::Result Socks5::read_method(Bytes& input, ByteQueue& out) noexcept {
  if (!input.empty() && byte_at(input, 0) != version) {
    return std::unexpected(ProxyError::not_socks5);
  }
  if (input.size() < 2) return false;
  const std::uint8_t method = byte_at(input, 1);
  input = input.subspan(2);
  if (method == no_authentication) {
    write_connect(out);
    phase_ = Phase::connecting;
  } else if (method == user_and_password && credentials_) {
    write_login(out);
    phase_ = Phase::logging_in;
  } else {
    return std::unexpected(method == none_acceptable ? ProxyError::no_acceptable_method
                                                     : ProxyError::method_not_offered);
  }
  return true;
}

/// VER STATUS (RFC 1929 section 2).
Socks5::Result Socks5::read_login_status(Bytes& input, ByteQueue& out) noexcept {
  if (!input.empty() && byte_at(input, 0) != login_version) {
    return std::unexpected(ProxyError::invalid_login_version);
  }
  if (input.size() < 2) return false;
  const bool accepted = byte_at(input, 1) == 0;
  input = input.subspan(2);
  if (!accepted) return std::unexpected(ProxyError::login_refused);
  write_connect(out);
  phase_ = Phase::connecting;
  return true;
}

/// VER REP RSV ATYP BND.ADDR BND.PORT (RFC 1928 section 6). A refusal is one as soon as its second
/// byte is there: some proxies send no more. Where the proxy's own socket is bound, nobody needs to
/// know.
Socks5::Result Socks5::read_reply(Bytes& input) noexcept {
  const std::size_t size = input.size();
  if (size >= 1 && byte_at(input, 0) != version) return std::unexpected(ProxyError::not_socks5);
  if (size < 2) return false;
  if (const std::uint8_t reply = byte_at(input, 1); reply > replies_assigned) {
    return std::unexpected(ProxyError::unknown_reply);
  } else if (reply != 0) {
    // The enumerators stand in the order of the replies.
    return std::unexpected(
        static_cast<ProxyError>(static_cast<int>(ProxyError::general_failure) + reply - 1));
  }
  if (size >= 3 && byte_at(input, 2) != 0) {
    return std::unexpected(ProxyError::reserved_byte_not_zero);
  }
  if (size < 4) return false;
  std::size_t address_bytes = 0;
  switch (byte_at(input, 3)) {
    case ipv4: address_bytes = 4; break;
    case ipv6: address_bytes = 16; break;
    case domain_name:
      if (size < 5) return false;
      address_bytes = std::size_t{1} + byte_at(input, 4);
      break;
    default: return std::unexpected(ProxyError::unknown_address_type);
  }
  const std::size_t reply_bytes = 4 + address_bytes + 2;
  if (size < reply_bytes) return false;
  input = input.subspan(reply_bytes);
  return true;
}

/// VER ULEN UNAME PLEN PASSWD (RFC 1929 section 2).
void Socks5::write_login(ByteQueue& out) const noexcept {
  append(std::array{login_version}, out);
  append_counted(credentials_->user, out);
  append_counted(credentials_->password, out);
}

/// VER CMD RSV ATYP DST.ADDR DST.PORT (RFC 1928 sections 4 and 5).
void Socks5::write_connect(ByteQueue& out) const noexcept {
  append(std::array{version, connect, std::uint8_t{0}}, out);
  if (const auto address = IpAddress::parse(host_)) {
    append(std::array{address->is_ipv4() ? ipv4 : ipv6}, out);
    append(address->bytes(), out);
  } else {
    append(std::array{domain_name}, out);
    append_counted(host_, out);
  }
  append(std::array{static_cast<std::uint8_t>(port_ >> 8), static_cast<std::uint8_t>(port_ & 0xff)},
         out);
}

std::unexpected<ProxyFailure> Socks5::fail(ProxyError error) noexcept {
  phase_ = Phase::failed;
  error_ = error;
  return std::unexpected(ProxyFailure{error});
}

}  // namespace duplex::client

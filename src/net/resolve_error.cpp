#include <string>

#include <duplex/net/resolve_error.hpp>

namespace duplex::net {
namespace {

const char* sentence(ResolveError error) noexcept {
  switch (error) {
    case ResolveError::host_not_found: return "no such host: check its spelling";
    case ResolveError::no_addresses:
      return "the name exists but has no address: check its A and AAAA records";
    case ResolveError::invalid_name:
      return "not a host name or address: check its spelling; names beyond ASCII are written in "
             "their xn-- form";
    case ResolveError::server_failed:
      return "the name server failed or refused to look the name up: try again later, or check "
             "which server is configured";
    case ResolveError::server_unreachable:
      return "no name server can be reached: check the network and /etc/resolv.conf";
    case ResolveError::bad_answer:
      return "the name server's answer is malformed: check which one is configured";
    case ResolveError::timed_out:
      return "no answer from the name server in time: check the network and /etc/resolv.conf";
    case ResolveError::bad_configuration:
      return "the name servers' configuration can't be used: check /etc/resolv.conf";
  }
  return "unknown error of the resolver";
}

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "resolve"; }
  std::string message(int value) const override {
    return sentence(static_cast<ResolveError>(value));
  }
  std::error_condition default_error_condition(int value) const noexcept override {
    if (static_cast<ResolveError>(value) == ResolveError::timed_out) return std::errc::timed_out;
    return {value, *this};
  }
};

}  // namespace

const std::error_category& resolve_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(ResolveError error) noexcept {
  return {static_cast<int>(error), resolve_category()};
}

}  // namespace duplex::net

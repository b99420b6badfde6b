#include "client/public_suffix.hpp"

#include <libpsl.h>

#include <algorithm>
#include <memory>

namespace duplex::client {
namespace {

struct FreeList {
  void operator()(psl_ctx_t* list) const noexcept { psl_free(list); }
};

/// None when libpsl was built without a list and the system has none either: then every single
/// label is a public suffix, and nothing else.
const psl_ctx_t* list() {
  static const std::unique_ptr<psl_ctx_t, FreeList> latest(psl_latest(nullptr));
  return latest.get();
}

std::string without_last_dot(std::string_view name) {
  return std::string(name.substr(0, name.size() - (name.ends_with('.') ? 1 : 0)));
}

}  // namespace

bool is_public_suffix(std::string_view domain) {
  const std::string name = without_last_dot(domain);
  if (name.find('.') == std::string::npos) return true;
  return list() != nullptr && psl_is_public_suffix(list(), name.c_str()) != 0;
}

std::string registrable_domain(std::string_view host) {
  if (is_address(host)) return std::string(host);
  std::string name = without_last_dot(host);
  const char* domain = list() == nullptr ? nullptr : psl_registrable_domain(list(), name.c_str());
  return domain == nullptr ? name : std::string(domain);
}

bool is_address(std::string_view host) noexcept {
  if (host.find(':') != std::string_view::npos) return true;
  const std::string_view label = host.substr(host.rfind('.') + 1);
  const auto is_digit = [](char character) { return character >= '0' && character <= '9'; };
  return !label.empty() && (std::ranges::all_of(label, is_digit) || label.starts_with("0x"));
}

}  // namespace duplex::client

#include <algorithm>
#include <stdexcept>

#include <duplex/base/base64.hpp>
#include <duplex/http/authorization.hpp>

namespace duplex::http {

namespace {

bool has_control(std::string_view text) noexcept {
  return std::ranges::any_of(text, [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return byte < 0x20 || byte == 0x7f;
  });
}

bool is_token68(char character) noexcept {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') ||
         std::string_view("-._~+/").find(character) != std::string_view::npos;
}

}  // namespace

std::string basic_authorization(std::string_view user, std::string_view password) {
  if (user.find(':') != std::string_view::npos) {
    throw std::invalid_argument(
        "the user name holds a colon, which Basic authentication can't say");
  }
  if (has_control(user) || has_control(password)) {
    throw std::invalid_argument("the user name or the password holds a control byte");
  }
  const std::string both = std::string(user).append(":").append(password);
  return "Basic " + encode_base64(as_bytes(both));
}

std::string bearer_authorization(std::string_view token) {
  const std::string_view body = token.substr(0, token.find_last_not_of('=') + 1);
  if (body.empty() || !std::ranges::all_of(body, is_token68)) {
    throw std::invalid_argument(
        "the bearer token is empty or holds a byte that is none of letters, digits and -._~+/=");
  }
  return "Bearer " + std::string(token);
}

}  // namespace duplex::http

#include "routes.hpp"

namespace test_server {

std::uint64_t number(const duplex::Request& request, std::string_view name,
                     std::uint64_t otherwise) {
  const auto text = request.query(name);
  return text ? std::stoull(*text) : otherwise;
}

std::string describe(bool secure, const std::optional<duplex::tls::SessionInfo>& info) {
  if (!secure || !info) return "in clear\n";
  std::string text = "protocol: " + std::string(info->protocol) +
                     "\ncipher: " + std::string(info->cipher) +
                     "\napplication protocol: " + std::string(info->application_protocol) +
                     "\nserver name: " + std::string(info->server_name) +
                     "\nresumed: " + (info->resumed ? "yes" : "no") + "\n";
  if (const duplex::tls::Certificate* const peer = info->peer_certificate) {
    text += "subject: " + peer->subject + "\nissuer: " + peer->issuer +
            "\nfingerprint: " + peer->fingerprint + "\n";
    for (const std::string& name : peer->dns_names) text += "name: " + name + "\n";
  }
  return text;
}

}  // namespace test_server

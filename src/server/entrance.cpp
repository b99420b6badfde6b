#include "server/entrance.hpp"

#include <stdexcept>

namespace duplex::server {

namespace {

void require(bool condition, const char* sentence) {
  if (!condition) throw std::invalid_argument(sentence);
}

void check_credentials(const tls::ServerOptions& options) {
  require(!options.certificate.empty() || options.key.empty(),
          "tls.key is given without tls.certificate: name the certificate that it belongs to");
  require(!options.certificate.empty() || options.passphrase_file.empty(),
          "tls.passphrase_file is given without tls.certificate: name the certificate whose key it "
          "opens");
  for (const tls::Credential& credential : options.more) {
    require(!credential.certificate.empty(), "an entry of tls.more has no certificate: name one");
  }
}

}  // namespace

void check_encryption(const ListenOptions& options) {
  check_credentials(options.tls);
  if (options.strict_transport) {
    const StrictTransport& strict = *options.strict_transport;
    require(strict.max_age.count() >= 0,
            "strict_transport.max_age is negative: give seconds, or 0 to withdraw it");
    require(strict.max_age.count() > 0 || !strict.include_subdomains,
            "strict_transport.include_subdomains needs strict_transport.max_age: 0 withdraws it "
            "for subdomains, too");
  }
  if (options.tls.enabled()) {
    require(!options.redirect_to_https.has_value(),
            "redirect_to_https is for a listener in clear, and this one is encrypted: give it to "
            "the other one");
    return;
  }
  require(options.tls.client_ca.empty(),
          "tls.client_ca is given without tls.certificate: clients show certificates only to a "
          "server that has one");
  require(!options.strict_transport.has_value(),
          "strict_transport is for an encrypted listener: browsers ignore what they are told in "
          "clear");
  require(options.redirect_to_https != 0,
          "redirect_to_https is the port that clients are sent to: 0 is none");
}

std::string format_strict_transport(const std::optional<StrictTransport>& options) {
  if (!options) return {};
  std::string value = "max-age=" + std::to_string(options->max_age.count());
  if (options->include_subdomains) value += "; includeSubDomains";
  return value;
}

}  // namespace duplex::server

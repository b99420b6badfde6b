#include "tls_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "subcommand.hpp"

namespace duplex::app {
namespace {

void check_certificates(const TlsOptions& options) {
  const std::size_t certificates = options.certificates.size();
  if (options.self_signed && certificates > 0) {
    throw UsageError(
        "--tls-self-signed and --tls-cert don't go together: choose one certificate's origin");
  }
  if (!options.keys.empty() && options.keys.size() != certificates) {
    throw UsageError(
        fmt::format("there are {} of --tls-key and {} of --tls-cert: give each certificate "
                    "its key, in the "
                    "same order, or no key at all when each certificate's file holds it",
                    options.keys.size(), certificates));
  }
  const std::size_t passphrases = options.passphrase_files.size();
  if (passphrases > 1 && passphrases != certificates) {
    throw UsageError(
        fmt::format("there are {} of --tls-key-passphrase and {} of --tls-cert: give one for "
                    "each certificate, in the same order, or one for all",
                    passphrases, certificates));
  }
  if (passphrases > 0 && certificates == 0) {
    throw UsageError("--tls-key-passphrase is for the keys of --tls-cert: give that too");
  }
}

/// The name of the first option that does nothing without certificates; empty when there is none.
std::string_view needs_certificates(const TlsOptions& options) {
  if (!options.listen.empty()) return "--tls-listen";
  if (!options.client_ca.empty()) return "--tls-client-ca";
  if (options.client_certificates) return "--tls-client-cert";
  if (options.version_min) return "--tls-min";
  if (options.redirect) return "--redirect-to-https";
  if (options.strict_transport) return "--hsts";
  if (options.strict_transport_subdomains) return "--hsts-subdomains";
  return {};
}

bool has_port(const server::ListenOptions& options) {
  return options.unix_path.empty();
}

/// Whether both can't be listened on at once; port 0 is another one each time.
bool are_the_same(const server::ListenOptions& left, const server::ListenOptions& right) {
  if (left.unix_path != right.unix_path) return false;
  return !has_port(left) ||
         (left.port == right.port && left.port != 0 && left.address == right.address);
}

}  // namespace

void check_tls(const TlsOptions& options, const std::vector<server::ListenOptions>& clear) {
  check_certificates(options);
  if (!options.enabled()) {
    const std::string_view name = needs_certificates(options);
    if (name.empty()) return;
    throw UsageError(fmt::format(
        "{} needs a certificate: --tls-cert FILE --tls-key FILE, or --tls-self-signed to try it",
        name));
  }
  if (options.listen.empty() && !clear.empty()) {
    throw UsageError(
        "--listen is in clear, and nothing would be encrypted: say with --tls-listen ADDR:PORT "
        "where "
        "the certificate is for, instead or besides");
  }
  for (const server::ListenOptions& address : options.listen) {
    if (std::ranges::any_of(clear,
                            [&](const auto& other) { return are_the_same(address, other); })) {
      throw UsageError(
          "--listen and --tls-listen name the same address: what is encrypted needs one for "
          "itself");
    }
  }
  if (options.client_certificates && options.client_ca.empty()) {
    throw UsageError("--tls-client-cert needs --tls-client-ca FILE: whose clients are let in");
  }
  if (options.strict_transport_subdomains &&
      options.strict_transport.value_or(std::chrono::seconds(0)).count() == 0) {
    throw UsageError(
        "--hsts-subdomains needs --hsts SECONDS: for how long; 0 withdraws it for subdomains, too");
  }
  if (!options.redirect) return;
  if (clear.empty()) {
    throw UsageError(
        "--redirect-to-https needs an address in clear from which it leads: --listen ADDR:PORT");
  }
  if (std::ranges::none_of(options.listen, has_port)) {
    throw UsageError("--redirect-to-https needs a port to lead to: --tls-listen ADDR:PORT");
  }
}

tls::ServerOptions encryption_of(const TlsOptions& options) {
  tls::ServerOptions result;
  const auto passphrase_file = [&options](std::size_t index) -> std::string {
    if (options.passphrase_files.empty()) return {};
    return options.passphrase_files[options.passphrase_files.size() == 1 ? 0 : index];
  };
  for (std::size_t i = 0; i < options.certificates.size(); ++i) {
    tls::Credential credential{.certificate = options.certificates[i],
                               .key = options.keys.empty() ? "" : options.keys[i],
                               .passphrase_file = passphrase_file(i)};
    if (i == 0) {
      result.certificate = credential.certificate;
      result.key = credential.key;
      result.passphrase_file = credential.passphrase_file;
    } else {
      result.more.push_back(std::move(credential));
    }
  }
  result.client_ca = options.client_ca;
  if (options.client_certificates) result.client_certificates = *options.client_certificates;
  if (options.version_min) result.version_min = *options.version_min;
  return result;
}

}  // namespace duplex::app

#include "tls/client_context.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "tls/attachment.hpp"
#include "tls/client_side.hpp"
#include "tls/loaded_credential.hpp"
#include "tls/material.hpp"
#include "tls/offer.hpp"
#include "tls/pem.hpp"
#include "tls/unusable.hpp"
#include "tls/x509_description.hpp"

namespace duplex::tls {
namespace {

/// Authorities between a server's certificate and a root; in practice one or two. OpenSSL's own
/// limit is 100, which would let a server make us verify as many signatures.
constexpr int chain_depth_max = 8;

/// Of the certificates that a server shows, all together: some kilobytes in practice, more when one
/// is for a hundred names.
constexpr long chain_bytes_max = 64L * 1024;

/// Where OpenSSL looks for what the environment or, without it, its build has named.
std::string place_named(const char* variable, const char* built_in) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody here writes to the environment.
  const char* const value = std::getenv(variable);
  return value != nullptr ? value : built_in;
}

void trust_system(SSL_CTX& context, std::vector<std::string>& warnings) {
  if (SSL_CTX_set_default_verify_paths(&context) != 1) {
    throw Unusable("the system's authorities can't be used (" + take_openssl_error() +
                   "): name a file of authorities");
  }
  ERR_clear_error();
  // OpenSSL does not mind when nothing is there.
  const std::string file =
      place_named(X509_get_default_cert_file_env(), X509_get_default_cert_file());
  const std::string folder =
      place_named(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (!error && size > 0) return;
  if (!std::filesystem::is_empty(folder, error) && !error) return;
  warnings.push_back("this system has no authorities, neither in " + file + " nor in " + folder +
                     ": all servers will be refused; install the package ca-certificates, or name "
                     "a file of authorities");
}

void trust_own(SSL_CTX& context, const std::string& option, std::chrono::sys_seconds now,
               std::vector<std::string>& warnings) {
  const Material material = read_material(option, "the servers' authority");
  X509_STORE* const store = SSL_CTX_get_cert_store(&context);
  for (const X509Pointer& certificate : read_certificates(material)) {
    if (X509_STORE_add_cert(store, certificate.get()) != 1) throw std::bad_alloc();
    const auto end = seconds_of(*X509_get0_notAfter(certificate.get()));
    if (now > end) {
      warnings.push_back("the servers' authority \"" +
                         name_text(*X509_get_subject_name(certificate.get())) + "\" in " +
                         material.name + " expired at " + time_text(end) +
                         ": none of its servers will be accepted");
    }
  }
  // One that another has signed may be named without that one, whose other servers are not to be
  // trusted.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
}

void offer_application_protocols(SSL_CTX& context) {
  std::vector<unsigned char> list;
  for (const std::string_view protocol : application_protocols) {
    list.push_back(static_cast<unsigned char>(protocol.size()));
    std::ranges::copy(protocol, std::back_inserter(list));
  }
  // 0 is success here.
  if (SSL_CTX_set_alpn_protos(&context, list.data(), static_cast<unsigned>(list.size())) != 0) {
    throw std::bad_alloc();
  }
}

}  // namespace

bool ClientPolicy::accepts_key_of(const X509& leaf) const {
  return pins.empty() || std::ranges::find(pins, PublicKeyPin::of(leaf)) != pins.end();
}

SslContextPointer make_client_context(const ClientOptions& options, std::chrono::sys_seconds now,
                                      std::vector<Certificate>& certificates,
                                      std::vector<std::string>& warnings) {
  if (options.ca_beside_system && options.ca.empty()) {
    throw Unusable("no authority is given that is to be trusted beside the system's: name one");
  }
  SslContextPointer context = make_ssl_context(*TLS_client_method(), options.version_min);
  offer_application_protocols(*context);
  if (options.ca.empty() || options.ca_beside_system) trust_system(*context, warnings);
  if (!options.ca.empty()) trust_own(*context, options.ca, now, warnings);
  SSL_CTX_set_verify_depth(context.get(), chain_depth_max);
  SSL_CTX_set_max_cert_list(context.get(), chain_bytes_max);

  const Credential& own = options.credential;
  if (!own.certificate.empty() || !own.key.empty()) {
    const LoadedCredential loaded = load_credential(own, now, Purpose::client);
    install(*context, loaded);
    certificates.push_back(loaded.description);
    std::ranges::copy(loaded.warnings, std::back_inserter(warnings));
  }

  auto policy = std::make_unique<ClientPolicy>();
  policy->verifies = !options.dangerously_skip_verification;
  for (const std::string& pin : options.pins) policy->pins.push_back(PublicKeyPin::read(pin));
  if (!policy->verifies) {
    warnings.emplace_back(
        policy->pins.empty() ? "the servers' certificates are not verified: anybody on the way can "
                               "read and change what goes over these connections"
                             : "the servers' certificates are not verified, but for their keys, "
                               "which are pinned");
  }
  Attachment<ClientPolicy>::attach(*context, std::move(policy));
  ClientSide::prepare(*context);
  return context;
}

}  // namespace duplex::tls

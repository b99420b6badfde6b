#include "tls/context.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>

#include "tls/client_authorities.hpp"
#include "tls/handover.hpp"
#include "tls/loaded_credential.hpp"
#include "tls/name_switch.hpp"
#include "tls/openssl.hpp"
#include "tls/server_names.hpp"
#include "tls/session_tickets.hpp"
#include "tls/unusable.hpp"

namespace duplex::tls {
namespace {

/// Forward secrecy and authenticated encryption, or nothing. AES-128 first: 128 bits are enough,
/// and it is the fastest.
constexpr const char* suites_1_2 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
constexpr const char* suites_1_3 =
    "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";

/// P-384 is for clients whose rules demand it, and whose certificates are on that curve: with TLS
/// 1.2, this list decides about them, too (RFC 8422 section 5.1.1).
constexpr const char* groups = "X25519:P-256:P-384";

/// OpenSSL's own list without SHA-1, SHA-224 and DSA.
constexpr const char* signature_algorithms =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:"
    "rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"
    "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";

/// 112 bits: 2048 of RSA, 224 of an elliptic curve.
constexpr int security_level = 2;

/// Authorities between a client's certificate and one that `client_ca` names. OpenSSL's own limit
/// is 100, which would let a client make us verify as many signatures.
constexpr int client_chain_depth_max = 4;

/// Of the certificates that a client shows, all together: some kilobytes in practice. OpenSSL takes
/// as much memory as the client says that it will send, up to here; its own limit is 100 KiB.
constexpr long client_chain_bytes_max = 16L * 1024;

/// What is spoken inside, the preferred first (ALPN, RFC 7301).
constexpr std::array<std::string_view, 1> application_protocols{"http/1.1"};

int choose_application_protocol(SSL* /*ssl*/, const unsigned char** chosen,
                                unsigned char* chosen_bytes, const unsigned char* offered,
                                unsigned int offered_bytes, void* /*argument*/) noexcept {
  for (const std::string_view protocol : application_protocols) {
    // A list of names, each with a byte of length before it; OpenSSL has checked that.
    auto rest = std::span(offered, offered_bytes);
    while (!rest.empty() && rest.size() > rest[0]) {
      const auto name = rest.subspan(1, rest[0]);
      if (std::ranges::equal(name, protocol)) {
        *chosen = name.data();
        *chosen_bytes = static_cast<unsigned char>(name.size());
        return SSL_TLSEXT_ERR_OK;
      }
      rest = rest.subspan(name.size() + 1);
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void require(long done, const char* what) {
  if (done != 1) {
    throw Unusable(std::string("OpenSSL refuses ") + what + " (" + take_openssl_error() +
                   "): look into its configuration file");
  }
}

void offer_versions_and_suites(SSL_CTX& context, Version version_min) {
  SSL_CTX_set_security_level(&context, security_level);
  require(SSL_CTX_set_min_proto_version(
              &context, version_min == Version::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION),
          "the lowest version");
  require(SSL_CTX_set_max_proto_version(&context, TLS1_3_VERSION), "TLS 1.3");
  require(SSL_CTX_set_cipher_list(&context, suites_1_2), "the suites of TLS 1.2");
  require(SSL_CTX_set_ciphersuites(&context, suites_1_3), "the suites of TLS 1.3");
  require(SSL_CTX_set1_groups_list(&context, groups), "the groups");
  require(SSL_CTX_set1_sigalgs_list(&context, signature_algorithms), "the signature algorithms");
  require(SSL_CTX_set1_client_sigalgs_list(&context, signature_algorithms),
          "the clients' signature algorithms");
}

void set_behaviour(SSL_CTX& context) {
  // Nothing that the system's configuration may have set, against what is promised here. A client
  // that lists ChaCha20 first has no AES in hardware; RFC 8446 appendix D.4 on middleboxes.
  SSL_CTX_clear_options(&context, SSL_CTX_get_options(&context));
  SSL_CTX_set_options(&context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                    SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                    SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
  SSL_CTX_set_verify(&context, SSL_VERIFY_NONE, nullptr);
  // Chains are sent as they were given, instead of being put together in each handshake.
  SSL_CTX_set_mode(&context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_AUTO_RETRY | SSL_MODE_NO_AUTO_CHAIN);
  // No early data: an attacker could repeat it (RFC 8446 section 8). Who sends some all the same,
  // by a ticket of a server that was here before, is not turned away: it's skipped
  // (section 4.2.10).
  SSL_CTX_set_max_early_data(&context, 0);
  SSL_CTX_set_recv_max_early_data(&context, SSL3_RT_MAX_PLAIN_LENGTH);
}

void ask_for_certificates(SSL_CTX& context, const ClientAuthorities& authorities,
                          ClientCertificates demand) {
  SSL_CTX_set_verify(&context,
                     demand == ClientCertificates::required
                         ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                         : SSL_VERIFY_PEER,
                     nullptr);
  SSL_CTX_set_verify_depth(&context, client_chain_depth_max);
  SSL_CTX_set_max_cert_list(&context, client_chain_bytes_max);
  SSL_CTX_set1_cert_store(&context, authorities.store.get());
  STACK_OF(X509_NAME)* names = SSL_dup_CA_list(authorities.names.get());
  if (names == nullptr) throw std::bad_alloc();
  SSL_CTX_set_client_CA_list(&context, names);
}

using SessionContextId = std::array<unsigned char, SSL_MAX_SID_CTX_LENGTH>;

/// Tickets of one kind of listener are worth nothing at another: whom `client_ca` lets in is part
/// of it, so that a reload that shuts somebody out voids the ticket, too.
SessionContextId session_context_id(const std::optional<ClientAuthorities>& authorities,
                                    ClientCertificates demand) {
  std::string text = "duplex";
  if (authorities) {
    text += demand == ClientCertificates::required ? " required " : " optional ";
    text += authorities->content;
  }
  SessionContextId id{};
  unsigned int length = 0;
  static_assert(SSL_MAX_SID_CTX_LENGTH == 32);  // SHA-256's length
  if (EVP_Digest(text.data(), text.size(), id.data(), &length, EVP_sha256(), nullptr) != 1) {
    throw std::bad_alloc();
  }
  return id;
}

void install(SSL_CTX& context, const LoadedCredential& credential) {
  const auto chain = made(X509StackPointer(sk_X509_new_null()));
  for (const X509Pointer& issuer : std::span(credential.certificates).subspan(1)) {
    if (sk_X509_push(chain.get(), issuer.get()) <= 0) throw std::bad_alloc();
    X509_up_ref(issuer.get());
  }
  if (SSL_CTX_use_cert_and_key(&context, &credential.leaf(), credential.key.get(), chain.get(),
                               1) != 1) {
    throw Unusable("the certificate in " + credential.name + " can't be used (" +
                   take_openssl_error() + "): get another one");
  }
}

std::vector<LoadedCredential> load_all(const ServerOptions& options, std::chrono::sys_seconds now) {
  std::vector<LoadedCredential> loaded;
  loaded.reserve(1 + options.more.size());
  if (!options.certificate.empty() || !options.key.empty()) {
    loaded.push_back(load_credential({.certificate = options.certificate,
                                      .key = options.key,
                                      .passphrase_file = options.passphrase_file},
                                     now));
  }
  for (const Credential& credential : options.more) {
    loaded.push_back(load_credential(credential, now));
  }
  if (loaded.empty()) throw Unusable("no certificate is given: name a file of one, and its key");
  return loaded;
}

ServerNames names_of(const std::vector<LoadedCredential>& credentials) {
  std::vector<ServerNames::Entry> entries;
  entries.reserve(credentials.size());
  for (const LoadedCredential& credential : credentials) {
    entries.push_back({.names = credential.host_names, .key_type = credential.key_type});
  }
  return ServerNames(entries);
}

/// What all contexts of one listener have in common, so that a connection may go from one to
/// another.
struct Common {
  Version version_min;
  ClientCertificates demand;
  std::optional<ClientAuthorities> authorities;
  std::shared_ptr<TicketKeys> ticket_keys;
};

SslContextPointer make_context(const Common& common) {
  ERR_clear_error();
  auto context = SslContextPointer(SSL_CTX_new(TLS_server_method()));
  if (!context) throw Unusable("OpenSSL can't be used (" + take_openssl_error() + ")");
  offer_versions_and_suites(*context, common.version_min);
  set_behaviour(*context);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_application_protocol, nullptr);
  if (common.authorities) ask_for_certificates(*context, *common.authorities, common.demand);
  const SessionContextId id = session_context_id(common.authorities, common.demand);
  SSL_CTX_set_session_id_context(context.get(), id.data(), id.size());
  offer_tickets(*context, common.ticket_keys);
  Handover::allow(*context);
  return context;
}

std::string sentence_of(const ServerNames::Clash& clash,
                        const std::vector<LoadedCredential>& credentials) {
  const LoadedCredential& used = credentials[clash.used];
  const LoadedCredential& unused = credentials[clash.unused];
  return used.name + " and " + unused.name + " are both for " + clash.name + ", with " +
         name_of(used.key_type) + " keys: the first is used; leave one of them out";
}

}  // namespace

struct Context::State {
  SslContextPointer first;  // keeps those for other names alive
  std::vector<Certificate> certificates;
  std::vector<std::string> warnings;
};

Context::Context(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}

Context::~Context() = default;

std::expected<std::shared_ptr<const Context>, std::string> Context::for_server(
    const ServerOptions& options, std::shared_ptr<TicketKeys> ticket_keys) try {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const std::vector<LoadedCredential> credentials = load_all(options, now);
  Common common{.version_min = options.version_min,
                .demand = options.client_certificates,
                .authorities = std::nullopt,
                .ticket_keys = std::move(ticket_keys)};
  if (!options.client_ca.empty()) {
    common.authorities = load_client_authorities(options.client_ca, now);
  }

  ServerNames names = names_of(credentials);
  std::vector<SslContextPointer> contexts;
  for (const ServerNames::Set& set : names.sets()) {
    contexts.push_back(make_context(common));
    for (const std::size_t place : set) install(*contexts.back(), credentials[place]);
  }

  auto state = std::make_unique<State>();
  for (const LoadedCredential& credential : credentials) {
    state->certificates.push_back(credential.description);
    std::ranges::copy(credential.warnings, std::back_inserter(state->warnings));
  }
  for (const ServerNames::Clash& clash : names.clashes()) {
    state->warnings.push_back(sentence_of(clash, credentials));
  }
  if (common.authorities) {
    std::ranges::copy(common.authorities->warnings, std::back_inserter(state->warnings));
  }
  state->first = std::move(contexts.front());
  contexts.erase(contexts.begin());
  switch_by_name(*state->first, std::move(names), std::move(contexts));
  return std::shared_ptr<const Context>(new Context(std::move(state)));
} catch (const Unusable& problem) {
  return std::unexpected(problem.what());
}

const std::vector<Certificate>& Context::certificates() const noexcept {
  return state_->certificates;
}

const std::vector<std::string>& Context::warnings() const noexcept {
  return state_->warnings;
}

ssl_ctx_st* Context::native() const noexcept {
  return state_->first.get();
}

}  // namespace duplex::tls

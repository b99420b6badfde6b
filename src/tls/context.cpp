#include "tls/context.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>

#include "tls/client_authorities.hpp"
#include "tls/client_context.hpp"
#include "tls/handover.hpp"
#include "tls/loaded_credential.hpp"
#include "tls/name_switch.hpp"
#include "tls/offer.hpp"
#include "tls/openssl.hpp"
#include "tls/server_names.hpp"
#include "tls/session_tickets.hpp"
#include "tls/unusable.hpp"

namespace duplex::tls {
namespace {

/// Authorities between a client's certificate and one that `client_ca` names. OpenSSL's own limit
/// is 100, which would let a client make us verify as many signatures.
constexpr int client_chain_depth_max = 4;

/// Of the certificates that a client shows, all together: some kilobytes in practice. OpenSSL takes
/// as much memory as the client says that it will send, up to here; its own limit is 100 KiB.
constexpr long client_chain_bytes_max = 16L * 1024;

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
  SslContextPointer context = make_ssl_context(*TLS_server_method(), common.version_min);
  // A client that lists ChaCha20 first has no AES in hardware.
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // No early data: an attacker could repeat it (RFC 8446 section 8). Who sends some all the same,
  // by a ticket of a server that was here before, is not turned away: it's skipped
  // (section 4.2.10).
  SSL_CTX_set_max_early_data(context.get(), 0);
  SSL_CTX_set_recv_max_early_data(context.get(), SSL3_RT_MAX_PLAIN_LENGTH);
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

std::expected<std::shared_ptr<const Context>, std::string> Context::for_client(
    const ClientOptions& options) try {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  auto state = std::make_unique<State>();
  state->first = make_client_context(options, now, state->certificates, state->warnings);
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

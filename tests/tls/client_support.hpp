#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/tls/stream_support.hpp"
#include "tls/attachment.hpp"
#include "tls/client_context.hpp"

/// A client's `Stream`, and a server in the same memory: OpenSSL's, or a `Stream` as well.
namespace duplex::tls::testing {

inline std::shared_ptr<const Context> client_of(const ClientOptions& options) {
  auto context = Context::for_client(options);
  if (!context) throw std::runtime_error(context.error());
  return *context;
}

/// What a client's context remembers and demands.
inline ClientPolicy& policy_of(const Context& context) {
  return *Attachment<ClientPolicy>::of(*context.native());
}

struct OpensslServerOptions {
  const Issued* certificate = nullptr;
  std::vector<const Issued*> issuers = {};  ///< sent behind it
  int version_max = TLS1_3_VERSION;
  const Issued* client_ca = nullptr;        ///< of the clients that it demands a certificate of
  std::string application_protocol = {};    ///< chosen whatever was offered; empty: none
  std::optional<std::size_t> tickets = {};  ///< with TLS 1.3; OpenSSL's own number is 2
};

inline int choose_protocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* size,
                           const unsigned char* /*offered*/, unsigned /*offered_size*/,
                           void* name) {
  const auto& text = *static_cast<const std::string*>(name);
  *chosen = reinterpret_cast<const unsigned char*>(text.data());
  *size = static_cast<unsigned char>(text.size());
  return SSL_TLSEXT_ERR_OK;
}

/// OpenSSL's server, whose ciphertext goes by hand.
class OpensslServer {
 public:
  explicit OpensslServer(OpensslServerOptions options, SSL_CTX* context = nullptr)
      : options_(std::make_unique<OpensslServerOptions>(std::move(options))),
        context_(context != nullptr ? shared(context) : make_context(*options_)),
        ssl_(SSL_new(context_.get())) {
    BIO* input = BIO_new(BIO_s_mem());
    BIO* output = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(input, -1);
    BIO_set_mem_eof_return(output, -1);
    SSL_set_bio(native(), input, output);
    SSL_set_accept_state(native());
  }

  SSL* native() const { return ssl_.get(); }
  SSL_CTX* context() const { return context_.get(); }
  bool ready() const { return SSL_is_init_finished(native()) == 1; }
  bool resumed() const { return SSL_session_reused(native()) == 1; }
  /// The name that the client has told; nullopt when it told none.
  std::optional<std::string> server_name() const {
    const char* const name = SSL_get_servername(native(), TLSEXT_NAMETYPE_host_name);
    return name != nullptr ? std::optional<std::string>(name) : std::nullopt;
  }
  /// OpenSSL's reason for its failure, which for a client's alert is its number and
  /// SSL_AD_REASON_OFFSET.
  int error() const { return error_; }

  void write(std::string_view text) {
    ERR_clear_error();
    SSL_write(native(), text.data(), static_cast<int>(text.size()));
  }
  void update_keys(bool both) {
    SSL_key_update(native(), both ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(native());
  }
  void end() { SSL_shutdown(native()); }
  bool ended() const { return (SSL_get_shutdown(native()) & SSL_RECEIVED_SHUTDOWN) != 0; }

  std::string take() {
    std::string text(BIO_ctrl_pending(SSL_get_wbio(native())), '\0');
    if (!text.empty()) BIO_read(SSL_get_wbio(native()), text.data(), static_cast<int>(text.size()));
    return text;
  }
  std::string hear(std::string_view ciphertext) {
    if (!ciphertext.empty()) {
      BIO_write(SSL_get_rbio(native()), ciphertext.data(), static_cast<int>(ciphertext.size()));
    }
    ERR_clear_error();
    if (!ready()) note(SSL_do_handshake(native()));
    std::string text;
    while (ready()) {
      std::array<char, 4096> buffer;
      ERR_clear_error();
      const int count = SSL_read(native(), buffer.data(), buffer.size());
      note(count);
      if (count <= 0) break;
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  static SslContextPointer shared(SSL_CTX* context) {
    SSL_CTX_up_ref(context);
    return SslContextPointer(context);
  }
  static SslContextPointer make_context(OpensslServerOptions& options) {
    SslContextPointer context(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_set_security_level(context.get(), 0);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context.get(), options.version_max);
    // Whatever the system's configuration says.
    SSL_CTX_clear_options(context.get(), SSL_CTX_get_options(context.get()));
    const PeerOptions offered;
    SSL_CTX_set_cipher_list(context.get(), offered.cipher_list.c_str());
    SSL_CTX_set_ciphersuites(context.get(), offered.suites_1_3.c_str());
    SSL_CTX_set1_sigalgs_list(context.get(), offered.signature_algorithms.c_str());
    SSL_CTX_set1_groups_list(context.get(), "X25519:P-256:P-384");
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_session_id_context(context.get(), reinterpret_cast<const unsigned char*>("s"), 1);
    const X509StackPointer chain(sk_X509_new_null());
    for (const Issued* issuer : options.issuers) {
      X509_up_ref(issuer->certificate.get());
      sk_X509_push(chain.get(), issuer->certificate.get());
    }
    SSL_CTX_set_mode(context.get(), SSL_MODE_NO_AUTO_CHAIN);
    if (SSL_CTX_use_cert_and_key(context.get(), options.certificate->certificate.get(),
                                 options.certificate->key.get(), chain.get(), 1) != 1) {
      throw std::runtime_error("the server's certificate can't be used");
    }
    if (options.client_ca != nullptr) {
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()),
                          options.client_ca->certificate.get());
      SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    if (!options.application_protocol.empty()) {
      SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, &options.application_protocol);
    }
    if (options.tickets) SSL_CTX_set_num_tickets(context.get(), *options.tickets);
    return context;
  }
  void note(int result) {
    int reason = 0;
    if (failed(native(), result, reason) && reason != 0) error_ = reason;
  }

  std::unique_ptr<OpensslServerOptions> options_;
  SslContextPointer context_;
  SslPointer ssl_;
  int error_ = 0;
};

/// Both, and the bytes between them.
template <class Server>
struct Encounter {
  Encounter(const Context& client_context, Workspace& workspace, const ClientTarget& target,
            Server server_end)
      : client(client_context, workspace, target), server(std::move(server_end)) {}

  /// Runs the handshake as far as it gets. True when both are ready.
  bool shake_hands() {
    client.begin();
    for (int round = 0; round < 8; ++round) {
      server_heard += server.hear(client.take());
      const std::string answer = server.take();
      if (!answer.empty() && !client.failure) client_heard += client.hear(answer);
    }
    return client.ready() && server.ready();
  }
  std::string up(std::string_view text) {
    client.write(text);
    return server.hear(client.take());
  }
  std::string down(std::string_view text) {
    server.write(text);
    return client.hear(server.take());
  }
  bool talk() { return up("question") == "question" && down("answer") == "answer"; }

  StreamEnd client;
  Server server;
  std::string server_heard;
  std::string client_heard;
};

}  // namespace duplex::tls::testing

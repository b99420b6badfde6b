#include "tls_stream.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

#include "stopped.hpp"

namespace duplex::app::check {
namespace {

/// OpenSSL's reason for what has just failed.
std::string reason() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  const char* const text = error == 0 ? nullptr : ERR_reason_error_string(error);
  return text == nullptr ? "no reason given" : text;
}

short events_for(int ssl_error) {
  return ssl_error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
}

int bounded(std::size_t bytes) {
  return static_cast<int>(std::min<std::size_t>(bytes, 1U << 30));
}

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

class TlsStream final : public ByteStream {
 public:
  TlsStream(SSL_CTX* context, int descriptor) : ssl_(SSL_new(context)), descriptor_(descriptor) {
    if (ssl_ == nullptr || SSL_set_fd(ssl_.get(), descriptor) != 1) {
      ::close(descriptor);
      throw std::runtime_error("OpenSSL can't begin a connection: " + reason());
    }
  }
  ~TlsStream() override { ::close(descriptor_); }

  SSL* ssl() noexcept { return ssl_.get(); }

  void shake_hands(int (*step)(SSL*), Wire::Time until, int stop_descriptor) {
    while (true) {
      ERR_clear_error();
      errno = 0;
      const int done = step(ssl_.get());
      if (done == 1) return;
      const int error = SSL_get_error(ssl_.get(), done);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) fail();
      wait(events_for(error), until, stop_descriptor);
    }
  }

  TransferResult read(std::span<char> buffer) override {
    ERR_clear_error();
    const int count = SSL_read(ssl_.get(), buffer.data(), bounded(buffer.size()));
    return result(count, events_to_read_);
  }
  TransferResult write(std::string_view bytes) override {
    ERR_clear_error();
    const int count = SSL_write(ssl_.get(), bytes.data(), bounded(bytes.size()));
    return result(count, events_to_write_);
  }
  void end_sending() override {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ::shutdown(descriptor_, SHUT_WR);
  }
  int descriptor() const noexcept override { return descriptor_; }
  short events_to_read() const noexcept override { return events_to_read_; }
  short events_to_write() const noexcept override { return events_to_write_; }

 private:
  TransferResult result(int count, short& events) {
    if (count > 0) return {Transfer::moved, static_cast<std::size_t>(count)};
    switch (const int error = SSL_get_error(ssl_.get(), count)) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE: events = events_for(error); return {Transfer::blocked};
      case SSL_ERROR_ZERO_RETURN: return {Transfer::ended};
      case SSL_ERROR_SSL:
        // The end of TCP without a goodbye of TLS. WebSocket has its own.
        if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
          return {Transfer::ended};
        }
        return {Transfer::broken};
      default: return {Transfer::broken};
    }
  }

  [[noreturn]] void fail() {
    const long verified = SSL_get_verify_result(ssl_.get());
    if (verified != X509_V_OK && SSL_get_verify_mode(ssl_.get()) != SSL_VERIFY_NONE) {
      ERR_clear_error();
      throw std::runtime_error(
          fmt::format("the certificate is refused: {}", X509_verify_cert_error_string(verified)));
    }
    throw std::runtime_error("TLS failed: " + reason());
  }

  void wait(short events, Wire::Time until, int stop_descriptor) const {
    std::array<pollfd, 2> descriptors{{{descriptor_, events, 0}, {stop_descriptor, POLLIN, 0}}};
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - Wire::Clock::now()).count();
    const int ready = ::poll(descriptors.data(), descriptors.size(),
                             static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000)));
    if (descriptors[1].revents != 0) throw Stopped();
    // Some peers always have another byte.
    if (ready == 0 || Wire::Clock::now() >= until)
      throw std::runtime_error("TLS: no answer in time");
  }

  std::unique_ptr<SSL, FreeSsl> ssl_;
  int descriptor_;
  short events_to_read_ = POLLIN;
  short events_to_write_ = POLLOUT;
};

SSL_CTX* new_context(const SSL_METHOD* method) {
  SSL_CTX* const context = SSL_CTX_new(method);
  if (context == nullptr) throw std::runtime_error("OpenSSL can't begin: " + reason());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // Writes that were blocked are tried again with what is left, which may lie elsewhere.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

void use_certificate(SSL_CTX* context, const std::string& certificate, const std::string& key) {
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    throw std::runtime_error(
        fmt::format("--cert: {} is no certificate to use: {}", certificate, reason()));
  }
  const std::string& key_file = key.empty() ? certificate : key;
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw std::runtime_error(
        fmt::format("--key: {} has no key for {}: {}", key_file, certificate, reason()));
  }
}

}  // namespace

TlsContext::TlsContext(ssl_ctx_st* context)
    : context_(context, [](SSL_CTX* last) { SSL_CTX_free(last); }) {}

TlsContext TlsContext::for_client(const TlsClientFiles& files) {
  TlsContext context(new_context(TLS_client_method()));
  SSL_CTX* const ctx = context.context_.get();
  if (files.insecure) {
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, nullptr);
  } else {
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
    const bool loaded = files.ca.empty() ? SSL_CTX_set_default_verify_paths(ctx) == 1
                                         : SSL_CTX_load_verify_file(ctx, files.ca.c_str()) == 1;
    if (!loaded) {
      throw std::runtime_error(
          fmt::format("--cacert: {} has no certificates of authorities: {}", files.ca, reason()));
    }
  }
  if (!files.certificate.empty()) use_certificate(ctx, files.certificate, files.key);
  return context;
}

TlsContext TlsContext::for_server(const TlsServerFiles& files) {
  TlsContext context(new_context(TLS_server_method()));
  use_certificate(context.context_.get(), files.certificate, files.key);
  return context;
}

std::unique_ptr<ByteStream> TlsContext::connect(int descriptor, const std::string& host,
                                                Wire::Time until, int stop_descriptor) const {
  auto stream = std::make_unique<TlsStream>(context_.get(), descriptor);
  SSL* const ssl = stream->ssl();
  X509_VERIFY_PARAM* const verification = SSL_get0_param(ssl);
  // An address is looked for among the certificate's addresses, and has no place in SNI.
  if (X509_VERIFY_PARAM_set1_ip_asc(verification, host.c_str()) != 1) {
    ERR_clear_error();
    SSL_set_tlsext_host_name(ssl, host.c_str());
    if (SSL_set1_host(ssl, host.c_str()) != 1) {
      throw std::runtime_error("OpenSSL refuses the host's name: " + reason());
    }
  }
  stream->shake_hands(SSL_connect, until, stop_descriptor);
  return stream;
}

std::unique_ptr<ByteStream> TlsContext::accept(int descriptor, Wire::Time until,
                                               int stop_descriptor) const {
  auto stream = std::make_unique<TlsStream>(context_.get(), descriptor);
  stream->shake_hands(SSL_accept, until, stop_descriptor);
  return stream;
}

}  // namespace duplex::app::check

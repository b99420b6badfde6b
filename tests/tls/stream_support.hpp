#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <expected>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tls/handshake_support.hpp"
#include "tls/client_target.hpp"
#include "tls/context.hpp"
#include "tls/failure.hpp"
#include "tls/stream.hpp"
#include "tls/workspace.hpp"

/// A `Stream` and OpenSSL's client, joined in memory.
namespace duplex::tls::testing {

inline std::shared_ptr<const Context> context_of(
    const ServerOptions& options,
    std::shared_ptr<TicketKeys> keys = std::make_shared<TicketKeys>()) {
  auto context = Context::for_server(options, std::move(keys));
  if (!context) throw std::runtime_error(context.error());
  return *context;
}

/// OpenSSL's client, whose ciphertext goes by hand.
class OpensslClient {
 public:
  explicit OpensslClient(const PeerOptions& options = {})
      : context_(client_context(options)), ssl_(SSL_new(context_.get())) {
    SSL_set_app_data(native(), &hands_);
    if (!options.server_name.empty()) {
      SSL_set_tlsext_host_name(native(), options.server_name.c_str());
    }
    if (options.session != nullptr) SSL_set_session(native(), options.session);
    BIO* input = BIO_new(BIO_s_mem());
    BIO* output = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(input, -1);
    BIO_set_mem_eof_return(output, -1);
    SSL_set_bio(native(), input, output);
    SSL_set_connect_state(native());
  }

  SSL* native() const { return ssl_.get(); }
  bool ready() const { return SSL_is_init_finished(native()) == 1; }
  /// The newest session that the server has given.
  SSL_SESSION* session() const { return hands_.session.get(); }

  /// Goes on with the handshake. What it has to say is there to `take`.
  void shake_hands() {
    ERR_clear_error();
    note(SSL_do_handshake(native()));
  }
  void write(std::string_view text) {
    ERR_clear_error();
    if (SSL_write(native(), text.data(), static_cast<int>(text.size())) !=
        static_cast<int>(text.size())) {
      throw std::runtime_error("the client can't write");
    }
  }
  /// Asks both ends for new keys, or this one alone.
  void update_keys(bool both) {
    SSL_key_update(native(), both ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(native());
  }
  void end() { SSL_shutdown(native()); }

  /// What it has written since.
  std::string take() {
    std::string text(BIO_ctrl_pending(SSL_get_wbio(native())), '\0');
    if (!text.empty()) BIO_read(SSL_get_wbio(native()), text.data(), static_cast<int>(text.size()));
    return text;
  }
  /// Gives it ciphertext; the answer is the plaintext in it.
  std::string hear(std::string_view ciphertext) {
    if (!ciphertext.empty()) {
      BIO_write(SSL_get_rbio(native()), ciphertext.data(), static_cast<int>(ciphertext.size()));
    }
    if (!ready()) shake_hands();
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
  bool ended() const { return (SSL_get_shutdown(native()) & SSL_RECEIVED_SHUTDOWN) != 0; }
  /// OpenSSL's reason for its failure.
  int error() const { return error_; }

 private:
  void note(int result) {
    int reason = 0;
    if (failed(native(), result, reason) && reason != 0) error_ = reason;
  }

  Handshake hands_;
  SslContextPointer context_;
  SslPointer ssl_;
  int error_ = 0;
};

/// A stream, and what it takes and gives as text.
class StreamEnd {
 public:
  StreamEnd(const Context& context, Workspace& workspace)
      : workspace_(workspace), stream_(std::make_unique<Stream>(context, workspace)) {}
  StreamEnd(const Context& context, Workspace& workspace, const ClientTarget& target)
      : workspace_(workspace), stream_(std::make_unique<Stream>(context, workspace, target)) {}

  Stream& stream() { return *stream_; }
  bool ready() const { return stream_->established() && !failure; }

  /// What it says is there to `take`.
  void begin() {
    const auto begun = stream_->begin();
    collect();
    if (!begun) failure = begun.error();
  }

  /// Gives it ciphertext; the answer is the plaintext in it. What it says is there to `take`.
  std::string hear(std::string_view ciphertext) {
    const std::vector<std::byte> input(as_bytes(ciphertext).begin(), as_bytes(ciphertext).end());
    std::vector<std::byte> room(input.size() + Stream::opened_extra);
    const auto opened = stream_->open(input, room);
    collect();
    if (!opened) {
      failure = opened.error();
      return {};
    }
    ended = opened->ended;
    return std::string(as_text(room).substr(0, opened->plaintext_bytes));
  }
  /// The ciphertext of `text`.
  void write(std::string_view text) {
    const auto sealed = stream_->seal(as_bytes(text));
    collect();
    if (!sealed) failure = sealed.error();
  }
  void end() {
    stream_->end();
    collect();
  }
  std::string take() { return std::exchange(said_, {}); }

  std::optional<Failure> failure;
  bool ended = false;

 private:
  void collect() {
    said_ += as_text(workspace_.output().content());
    workspace_.output().clear();
  }

  Workspace& workspace_;
  std::unique_ptr<Stream> stream_;
  std::string said_;
};

/// Both, and the bytes between them.
struct Meeting {
  Meeting(const Context& context, Workspace& workspace, const PeerOptions& options = {})
      : client(options), server(context, workspace) {}

  /// Runs the handshake as far as it gets. True when both are ready.
  bool shake_hands() {
    client.shake_hands();
    for (int round = 0; round < 8 && !server.failure; ++round) {
      const std::string question = client.take();
      if (!question.empty()) server_heard += server.hear(question);
      client_heard += client.hear(server.take());
    }
    client_heard += client.hear(server.take());
    return client.ready() && server.stream().established() && !server.failure;
  }
  /// What the server hears of `text` that the client says.
  std::string up(std::string_view text) {
    client.write(text);
    return server.hear(client.take());
  }
  std::string down(std::string_view text) {
    server.write(text);
    return client.hear(server.take());
  }
  bool talk() { return up("question") == "question" && down("answer") == "answer"; }

  OpensslClient client;
  StreamEnd server;
  std::string server_heard;
  std::string client_heard;
};

}  // namespace duplex::tls::testing

// Boost.Beast that echoes over TLS, asynchronous, in one thread: what tests/peers/beast.cpp is in
// clear.
//
//   beast_tls CERTIFICATE KEY      says `port N` when it listens at 127.0.0.1

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <csignal>
#include <iostream>
#include <memory>
#include <utility>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

// The loop's own executor: one that could be any executor costs an allocation now and then.
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

constexpr std::size_t message_bytes_max = 64U << 20U;

class Echo : public std::enable_shared_from_this<Echo> {
 public:
  Echo(Socket socket, asio::ssl::context& context) : stream_(std::move(socket), context) {
    stream_.auto_fragment(false);
    stream_.read_message_max(message_bytes_max);
  }

  void begin() {
    beast::get_lowest_layer(stream_).set_option(asio::ip::tcp::no_delay(true));
    stream_.next_layer().async_handshake(asio::ssl::stream_base::server,
                                         [self = shared_from_this()](beast::error_code error) {
                                           if (!error) self->accept();
                                         });
  }

 private:
  void accept() {
    stream_.async_accept([self = shared_from_this()](beast::error_code error) {
      if (!error) self->read();
    });
  }

  void read() {
    stream_.async_read(buffer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->write();
    });
  }

  void write() {
    stream_.text(stream_.got_text());
    stream_.async_write(buffer_.data(),
                        [self = shared_from_this()](beast::error_code error, std::size_t) {
                          if (error) return;
                          self->buffer_.consume(self->buffer_.size());
                          self->read();
                        });
  }

  websocket::stream<beast::ssl_stream<Socket>> stream_;
  beast::flat_buffer buffer_;
};

void accept_next(Acceptor& acceptor, asio::ssl::context& context) {
  acceptor.async_accept([&](beast::error_code error, Socket socket) {
    if (!error) std::make_shared<Echo>(std::move(socket), context)->begin();
    accept_next(acceptor, context);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: beast_tls CERTIFICATE KEY\n";
    return 2;
  }
  std::signal(SIGTERM, [](int) { _exit(0); });
  asio::ssl::context context(asio::ssl::context::tls_server);
  context.use_certificate_chain_file(argv[1]);
  context.use_private_key_file(argv[2], asio::ssl::context::pem);
  SSL_CTX_set_ciphersuites(context.native_handle(), "TLS_AES_128_GCM_SHA256");

  asio::io_context loop{1};
  Acceptor acceptor(loop, {asio::ip::address_v4::loopback(), 0});
  std::cout << "port " << acceptor.local_endpoint().port() << '\n' << std::flush;
  accept_next(acceptor, context);
  loop.run();
}

// Boost.Beast, asynchronous, in one thread. See settings.hpp for what it is told.
//
// With time limits it is as the library's own examples have it: a `tcp_stream`, whose executor may
// be any, and the limits that are suggested there. Without them it is as fast as can be: a socket
// of the loop's own executor, which costs no allocation now and then, and no timers.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <memory>
#include <string>
#include <utility>

#include "settings.hpp"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

using FastSocket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;

template <typename Stream>
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, typename Stream::executor_type>;

FastSocket& socket_of(FastSocket& socket) {
  return socket;
}
asio::ip::tcp::socket& socket_of(beast::tcp_stream& stream) {
  return stream.socket();
}

/// One WebSocket, of either side, which echoes until it ends. `Stream` is what carries it.
template <typename Stream>
class Echo : public std::enable_shared_from_this<Echo<Stream>> {
 public:
  Echo(Stream stream, const Settings& settings) : stream_(std::move(stream)) {
    if (settings.time_limits) {
      stream_.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
    }
    websocket::permessage_deflate deflate;
    deflate.server_enable = deflate.client_enable = settings.deflate;
    deflate.server_max_window_bits = deflate.client_max_window_bits = settings.window_bits;
    deflate.server_no_context_takeover = settings.no_context_takeover;
    deflate.client_no_context_takeover = settings.no_context_takeover;
    if (settings.level) deflate.compLevel = *settings.level;
    stream_.set_option(deflate);
    stream_.auto_fragment(false);
    stream_.read_message_max(message_bytes_max);
  }

  /// As a server, for a connection that was accepted.
  void accept() {
    socket_of(stream_.next_layer()).set_option(asio::ip::tcp::no_delay(true));
    stream_.async_accept([self = this->shared_from_this()](beast::error_code error) {
      if (!error) self->read();
    });
  }

  /// As a client. What `last_text` refers to gets the last text that comes.
  void connect(const asio::ip::tcp::endpoint& endpoint, const std::string& host,
               const std::string& target, std::string& last_text) {
    last_text_ = &last_text;
    stream_.next_layer().async_connect(
        endpoint, [self = this->shared_from_this(), host, target](beast::error_code error) {
          if (error) return;
          socket_of(self->stream_.next_layer()).set_option(asio::ip::tcp::no_delay(true));
          self->stream_.async_handshake(host, target, [self](beast::error_code refused) {
            if (!refused) self->read();
          });
        });
  }

 private:
  void read() {
    stream_.async_read(buffer_,
                       [self = this->shared_from_this()](beast::error_code error, std::size_t) {
                         if (!error) self->write();
                       });
  }

  void write() {
    if (last_text_ != nullptr && stream_.got_text()) {
      *last_text_ = beast::buffers_to_string(buffer_.data());
    }
    stream_.text(stream_.got_text());
    stream_.async_write(buffer_.data(),
                        [self = this->shared_from_this()](beast::error_code error, std::size_t) {
                          if (error) return;
                          self->buffer_.consume(self->buffer_.size());
                          self->read();
                        });
  }

  websocket::stream<Stream> stream_;
  beast::flat_buffer buffer_;
  std::string* last_text_ = nullptr;
};

template <typename Stream>
void accept_next(Acceptor<Stream>& acceptor, const Settings& settings) {
  acceptor.async_accept([&](beast::error_code error, auto socket) {
    if (!error) std::make_shared<Echo<Stream>>(Stream(std::move(socket)), settings)->accept();
    accept_next<Stream>(acceptor, settings);
  });
}

template <typename Stream>
void serve(const Settings& settings) {
  asio::io_context loop{1};
  Acceptor<Stream> acceptor(loop, {asio::ip::address_v4::loopback(), settings.port});
  announce(acceptor.local_endpoint().port());
  accept_next<Stream>(acceptor, settings);
  loop.run();
}

void run(const Settings& settings) {
  const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(settings.host), settings.port);
  const std::string host = settings.host + ':' + std::to_string(settings.port);
  run_cases(settings, [&](const std::string& target) {
    std::string last_text;
    asio::io_context loop{1};
    std::make_shared<Echo<FastSocket>>(FastSocket(loop), settings)
        ->connect(endpoint, host, target, last_text);
    loop.run_for(settings.case_limit);
    return last_text;
  });
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse_settings(argc, argv, "Boost.Beast");
  end_when_told();
  if (!settings.serve) {
    run(settings);
  } else if (settings.time_limits) {
    serve<beast::tcp_stream>(settings);
  } else {
    serve<FastSocket>(settings);
  }
}

#include "net/listener.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "net/socket.hpp"

namespace duplex::net {
namespace {

// Then others get their turn; the listener stays ready for the rest.
constexpr int refused_at_once_max = 64;

void switch_option(int socket, int level, int option, bool on) noexcept {
  const int value = on ? 1 : 0;
  ::setsockopt(socket, level, option, &value, sizeof value);
}

/// A new socket, bound to `address`; with errno set when there is none.
Descriptor bind_new(const SocketAddress& address, bool reuse_port) noexcept {
  Descriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return socket;
  if (!address.is_unix()) {
    // A restarted server may listen although connections of its predecessor linger in TIME_WAIT.
    switch_option(socket.number(), SOL_SOCKET, SO_REUSEADDR, true);
    switch_option(socket.number(), SOL_SOCKET, SO_REUSEPORT, reuse_port);
    // On Linux what is accepted inherits it, which saves a call for each connection.
    set_no_delay(socket.number());
  }
  if (address.family() == AF_INET6) {
    switch_option(socket.number(), IPPROTO_IPV6, IPV6_V6ONLY, !address.dual_stack());
  }
  if (::bind(socket.number(), address.raw(), address.raw_length()) != 0) {
    const int error = errno;
    socket.reset();
    errno = error;
  }
  return socket;
}

/// Why `address` can't be listened on, and what to do.
std::string explanation(const SocketAddress& address, int error, bool reuse_port = false) {
  const std::string message = "cannot listen on " + address.to_string() + ": ";
  switch (error) {
    case EADDRINUSE:
      if (reuse_port) {
        return message +
               "a program listens there that does not share the port, or is another user's; stop "
               "it or choose another port";
      }
      return message + (address.is_unix()
                            ? "another program listens there; stop it or choose another path"
                            : "another program listens there; stop it or choose another port");
    case EADDRNOTAVAIL:
      return message + "this machine has no such address; choose one of its own, or :" +
             std::to_string(address.port()) + " for all of them";
    case EACCES:
    case EPERM:
      if (address.is_unix()) {
        return message + "this user may not create files there; choose another folder";
      }
      return message +
             "this user may not; choose a port from 1024 on, or grant CAP_NET_BIND_SERVICE";
    case ENOENT: return message + "the folder does not exist; create it or choose another path";
    case EEXIST:
      return message + "there is a file that is not a socket; remove it or choose another path";
    case EMFILE:
    case ENFILE: return message + "no descriptors are left; raise the limit (ulimit -n)";
    default: return message + std::error_code(error, std::system_category()).message();
  }
}

/// Removes the file of a Unix socket on which nobody listens. Otherwise says why not by an error.
int remove_stale_file(const SocketAddress& address) noexcept {
  const std::string path(address.path());
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return errno == ENOENT ? 0 : errno;
  if (!S_ISSOCK(status.st_mode)) return EEXIST;
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!probe) return errno;
  if (::connect(probe.number(), address.raw(), address.raw_length()) == 0 ||
      errno != ECONNREFUSED) {
    return EADDRINUSE;
  }
  return ::unlink(path.c_str()) == 0 ? 0 : errno;
}

bool lacks_ipv6(int error) noexcept {
  return error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
}

/// Errors of accept that tell the fate of one connection (accept(2), "Error handling"); the next
/// one may be well.
bool concerns_one_connection(int error) noexcept {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPERM:
    case ENETDOWN:
    case EPROTO:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH: return true;
    default: return false;
  }
}

}  // namespace

std::expected<Listener, std::string> Listener::open(const SocketAddress& address,
                                                    ListenOptions options) {
  Descriptor socket = bind_new(address, options.reuse_port);
  if (!socket && address.is_unix() && errno == EADDRINUSE) {
    if (const int error = remove_stale_file(address)) {
      return std::unexpected(explanation(address, error));
    }
    socket = bind_new(address, options.reuse_port);
  }
  SocketAddress bound = address;
  if (!socket && address.dual_stack() && lacks_ipv6(errno)) {
    bound = SocketAddress::parse("0.0.0.0:" + std::to_string(address.port())).value();
    socket = bind_new(bound, options.reuse_port);
  }
  if (!socket) return std::unexpected(explanation(address, errno, options.reuse_port));

  Listener listener(std::move(socket), bound);
  if (::listen(listener.descriptor(), options.backlog) != 0) {
    return std::unexpected(explanation(address, errno));
  }
  listener.address_ = bound.with_port(SocketAddress::of_local(listener.descriptor()).port());
  return listener;
}

std::expected<std::vector<Listener>, std::string> Listener::open_group(const SocketAddress& address,
                                                                       std::size_t count,
                                                                       ListenOptions options) {
  const bool joins_others = options.reuse_port;
  options.reuse_port = (count > 1 || joins_others) && !address.is_unix();
  if (options.reuse_port && !joins_others && address.port() != 0) {
    // Programs of one user may share a port unawares; a socket that shares nothing tells.
    const Descriptor probe = bind_new(address, false);
    if (!probe && errno == EADDRINUSE) return std::unexpected(explanation(address, EADDRINUSE));
  }
  std::vector<Listener> group;
  SocketAddress next = address;
  do {
    std::expected<Listener, std::string> listener = open(next, options);
    if (!listener) return std::unexpected(std::move(listener.error()));
    next = listener->address();
    group.push_back(std::move(*listener));
  } while (options.reuse_port && group.size() < count);
  return group;
}

Listener& Listener::operator=(Listener&& other) noexcept {
  if (this == &other) return *this;
  remove_file();
  socket_ = std::move(other.socket_);
  address_ = other.address_;
  return *this;
}

void Listener::remove_file() noexcept {
  if (socket_ && address_.is_unix()) ::unlink(std::string(address_.path()).c_str());
}

std::expected<Accepted, std::error_code> accept_next(int listener) noexcept {
  while (true) {
    sockaddr_storage peer{};
    socklen_t length = sizeof peer;
    Descriptor socket(::accept4(listener, reinterpret_cast<sockaddr*>(&peer), &length,
                                SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) return Accepted{std::move(socket), SocketAddress::copy_of(peer, length)};
    if (concerns_one_connection(errno)) continue;
    return std::unexpected(std::error_code(errno, std::system_category()));
  }
}

SpareDescriptor::SpareDescriptor() noexcept : spare_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {}

bool SpareDescriptor::refuse_waiting(int listener) noexcept {
  spare_.reset();
  std::error_code error;
  for (int i = 0; i < refused_at_once_max && !error; ++i) {
    const std::expected<Accepted, std::error_code> refused = accept_next(listener);
    if (!refused) error = refused.error();
  }
  spare_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  return !error || error == std::errc::operation_would_block;
}

}  // namespace duplex::net

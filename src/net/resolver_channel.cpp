#include "net/resolver_channel.hpp"

#include <netinet/in.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

namespace duplex::net {
namespace {

ares_addrinfo_hints hints_for(int family) noexcept {
  ares_addrinfo_hints hints{};
  // Sorted by `order_destinations`, which sees both families at once.
  hints.ai_flags = ARES_AI_NOSORT;
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  return hints;
}

}  // namespace

std::error_code resolve_error_of(int status) noexcept {
  switch (status) {
    case ARES_SUCCESS: return {};
    case ARES_ENOTFOUND:
    case ARES_ENONAME: return ResolveError::host_not_found;
    case ARES_ENODATA: return ResolveError::no_addresses;
    case ARES_EBADNAME:
    case ARES_EBADQUERY: return ResolveError::invalid_name;
    case ARES_ECONNREFUSED: return ResolveError::server_unreachable;
    case ARES_EBADRESP:
    case ARES_EBADSTR:
    case ARES_EOF: return ResolveError::bad_answer;
    case ARES_ETIMEOUT: return ResolveError::timed_out;
    case ARES_EFILE: return ResolveError::bad_configuration;
    case ARES_ENOMEM: return std::make_error_code(std::errc::not_enough_memory);
    default: return ResolveError::server_failed;
  }
}

std::vector<SocketAddress> addresses_in(const ares_addrinfo& answer, int family, std::uint16_t port,
                                        std::size_t family_max) {
  std::vector<SocketAddress> addresses;
  const auto room_for = [&](int wanted) {
    return std::ranges::count(addresses, wanted, &SocketAddress::family) <
           static_cast<std::ptrdiff_t>(family_max);
  };
  for (const ares_addrinfo_node* node = answer.nodes; node != nullptr; node = node->ai_next) {
    if (node->ai_family != AF_INET && node->ai_family != AF_INET6) continue;
    if (family != AF_UNSPEC && node->ai_family != family) continue;
    sockaddr_storage storage{};
    std::memcpy(&storage, node->ai_addr, std::min<std::size_t>(node->ai_addrlen, sizeof storage));
    const SocketAddress address =
        SocketAddress::copy_of(storage, static_cast<socklen_t>(node->ai_addrlen)).with_port(port);
    if (room_for(node->ai_family) && std::ranges::find(addresses, address) == addresses.end()) {
      addresses.push_back(address);
    }
  }
  return addresses;
}

/// Hands what a socket is ready for to c-ares.
class ResolverChannel::Watch final : public Pollable {
 public:
  explicit Watch(ResolverChannel& channel) noexcept : channel_(channel) {}

  void on_ready(Readiness readiness) noexcept override {
    // An error is found by whichever call comes first.
    channel_.has_heard_ |= readiness.readable && !readiness.hung_up;
    const bool readable = readiness.readable || (readiness.hung_up && interest.readable);
    const bool writable = readiness.writable || (readiness.hung_up && interest.writable);
    channel_.process(readable ? socket : ARES_SOCKET_BAD, writable ? socket : ARES_SOCKET_BAD);
  }

  int socket = ARES_SOCKET_BAD;
  Interest interest;

 private:
  ResolverChannel& channel_;
};

ResolverChannel::ResolverChannel(EventLoop& loop, std::size_t family_addresses_max,
                                 Asker& asker) noexcept
    : loop_(loop),
      asker_(asker),
      family_addresses_max_(family_addresses_max),
      questions_{{{this, AF_INET6}, {this, AF_INET}}} {}

ResolverChannel::~ResolverChannel() {
  if (channel_ != nullptr) ares_destroy(channel_);
}

std::expected<std::unique_ptr<ResolverChannel>, std::error_code> ResolverChannel::open(
    EventLoop& loop, const ResolverOptions& options, Asker& asker) {
  std::unique_ptr<ResolverChannel> opened(
      new ResolverChannel(loop, options.family_addresses_max, asker));

  // Not the hosts file: that is looked at before, for both families together.
  std::string lookups = "b";
  ares_options settings{};
  settings.timeout = static_cast<int>(std::min<std::uint64_t>(options.try_ms_max, INT32_MAX));
  settings.tries = static_cast<int>(std::min<std::uint32_t>(options.tries_max, 16));
  settings.lookups = lookups.data();
  settings.sock_state_cb_data = opened.get();
  settings.sock_state_cb = [](void* channel, ares_socket_t socket, int readable, int writable) {
    static_cast<ResolverChannel*>(channel)->on_socket_state(socket, readable != 0, writable != 0);
  };
  const int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
  int status = ares_init_options(&opened->channel_, &settings, mask);
  if (status != ARES_SUCCESS) {
    opened->channel_ = nullptr;
    return std::unexpected(resolve_error_of(status));
  }

  if (!options.servers.empty()) {
    std::string servers;
    for (const SocketAddress& server : options.servers) {
      if (!servers.empty()) servers += ',';
      servers += server.to_string();
    }
    status = ares_set_servers_ports_csv(opened->channel_, servers.c_str());
    if (status != ARES_SUCCESS) return std::unexpected(ResolveError::bad_configuration);
  }
  return opened;
}

SearchRules ResolverChannel::search_rules(const ResolverOptions& options) const {
  SearchRules rules;
  ares_options settings{};
  int mask = 0;
  if (ares_save_options(channel_, &settings, &mask) == ARES_SUCCESS) {
    rules.dots_min = static_cast<std::size_t>(std::max(settings.ndots, 0));
    rules.domains.assign(settings.domains, settings.domains + std::max(settings.ndomains, 0));
  }
  ares_destroy_options(&settings);
  if (options.search_domains) rules.domains = *options.search_domains;
  if (rules.domains.size() > options.search_domains_max) {
    rules.domains.resize(options.search_domains_max);
  }
  return rules;
}

void ResolverChannel::ask(const std::string& name, std::uint16_t port) {
  port_ = port;
  // The dot keeps c-ares from searching on its own: it would go on to the next domain for the one
  // family that a host does not have, and return addresses of two hosts.
  const std::string absolute = name.ends_with('.') ? name : name + '.';
  for (Question& question : questions_) {
    const ares_addrinfo_hints hints = hints_for(question.family);
    const auto answered = [](void* argument, int status, int, ares_addrinfo* answer) {
      const Question& asked = *static_cast<Question*>(argument);
      ResolverChannel& channel = *asked.channel;
      Asker::Answer result = std::unexpected(channel.error_of(status));
      if (status == ARES_SUCCESS) {
        result = addresses_in(*answer, asked.family, channel.port_, channel.family_addresses_max_);
        if (result->empty()) result = std::unexpected(ResolveError::no_addresses);
      }
      if (answer != nullptr) ares_freeaddrinfo(answer);
      if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED) return;
      channel.asker_.on_answer(asked.family, std::move(result));
    };
    ares_getaddrinfo(channel_, absolute.c_str(), nullptr, &hints, answered, &question);
  }
  after_processing();
}

std::error_code ResolverChannel::error_of(int status) const noexcept {
  if (status != ARES_ECONNREFUSED) return resolve_error_of(status);
  // c-ares 1.18 says the same of a server that answers with a failure, to the last try.
  if (has_heard_) return ResolveError::server_failed;
  // And when there was no socket to ask with: the system knows why.
  if (watches_.empty() && !Descriptor(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))) {
    return {errno, std::system_category()};
  }
  return ResolveError::server_unreachable;
}

void ResolverChannel::on_socket_state(int socket, bool readable, bool writable) {
  auto watch = std::ranges::find(watches_, socket, [](const auto& each) { return each->socket; });
  if (!readable && !writable) {
    if (watch == watches_.end()) return;
    loop_.unwatch(socket, **watch);
    (*watch)->socket = ARES_SOCKET_BAD;
    return;
  }
  const Interest interest{.readable = readable, .writable = writable};
  if (watch != watches_.end()) {
    (*watch)->interest = interest;
    watch_error_ = loop_.change(socket, interest, **watch);
    return;
  }
  watch =
      std::ranges::find(watches_, ARES_SOCKET_BAD, [](const auto& each) { return each->socket; });
  if (watch == watches_.end()) {
    watch = watches_.insert(watch, std::make_unique<Watch>(*this));
  }
  (*watch)->socket = socket;
  (*watch)->interest = interest;
  watch_error_ = loop_.watch(socket, interest, **watch);
}

void ResolverChannel::process(int readable_socket, int writable_socket) noexcept {
  ares_process_fd(channel_, readable_socket, writable_socket);
  after_processing();
}

void ResolverChannel::on_retry() noexcept {
  process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

void ResolverChannel::after_processing() noexcept {
  if (watch_error_) {
    // Whatever comes there would not be seen.
    for (const Question& question : questions_) {
      asker_.on_answer(question.family, std::unexpected(watch_error_));
    }
    return retry_.disarm();
  }
  timeval wait{};
  if (ares_timeout(channel_, nullptr, &wait) == nullptr) return retry_.disarm();
  // A millisecond more than that, or it would find itself early and come back.
  const auto wait_ms = static_cast<std::uint64_t>(wait.tv_sec) * 1000 +
                       static_cast<std::uint64_t>(wait.tv_usec) / 1000 + 1;
  loop_.arm(retry_, wait_ms);
}

}  // namespace duplex::net

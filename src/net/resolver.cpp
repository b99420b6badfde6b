#include "net/resolver.hpp"

#include <ares.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "net/alarm.hpp"
#include "net/resolver_channel.hpp"
#include <duplex/base/ascii.hpp>

namespace duplex::net {
namespace {

/// RFC 1035 section 2.3.4, without the root's dot.
constexpr std::size_t name_length_max = 253;

/// Whether `name` may be asked for: letters, digits and hyphens (RFC 1123 section 2.1), and the
/// underscores that private names do have. What looks like an IPv4 address is none, or it would
/// have been taken for one: no top-level domain is a number (RFC 3696 section 2).
bool is_host_name(std::string_view name) noexcept {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > name_length_max) return false;
  if (!std::ranges::all_of(name, [](char character) {
        const char lower = to_lower(character);
        return (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || lower == '-' ||
               lower == '_' || lower == '.';
      })) {
    return false;
  }
  const std::string_view last = name.substr(name.rfind('.') + 1);
  return std::ranges::any_of(last,
                             [](char character) { return character < '0' || character > '9'; });
}

bool is_localhost(std::string_view name) noexcept {
  constexpr std::string_view localhost = "localhost";
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.size() < localhost.size()) return false;
  const std::size_t start = name.size() - localhost.size();
  return equals_ignoring_case(name.substr(start), localhost) &&
         (start == 0 || name[start - 1] == '.');
}

/// The names that `host` may stand for, in the order in which they are tried.
std::vector<std::string> candidates(const std::string& host, const SearchRules& rules) {
  if (host.ends_with('.')) return {host};
  std::vector<std::string> names;
  for (const std::string& domain : rules.domains) {
    std::string name = host;
    name.append(1, '.').append(domain);
    if (is_host_name(name)) names.push_back(std::move(name));
  }
  const auto dots = static_cast<std::size_t>(std::ranges::count(host, '.'));
  names.insert(dots >= rules.dots_min ? names.begin() : names.end(), host);
  return names;
}

/// Whether the answer is that there is nothing: then another name may do.
bool is_negative(std::error_code error) noexcept {
  return error == ResolveError::host_not_found || error == ResolveError::no_addresses;
}

}  // namespace

/// One lookup. What c-ares answers is written down where it comes, and looked at in a timer of its
/// own, that is in the same iteration: users may then destroy all of this, in which c-ares and the
/// loop's descriptors would otherwise still be busy.
class Resolver::State final : private ResolverChannel::Asker {
 public:
  State(EventLoop& loop, const ResolverOptions& options, std::uint16_t port,
        OnResolved on_resolved) noexcept
      : loop_(loop),
        port_(port),
        resolution_delay_ms_(options.resolution_delay_ms),
        on_resolved_(std::move(on_resolved)) {}

  ~State() {
    if (destroyed_ != nullptr) *destroyed_ = true;
  }

  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// Ends with what is known without asking.
  void answer(std::vector<SocketAddress> addresses) {
    ipv6_.pending = ipv4_.pending = false;
    ipv6_.addresses = std::move(addresses);
    loop_.arm(step_, 0);
  }
  void fail(std::error_code error) noexcept {
    ipv6_.pending = ipv4_.pending = false;
    ipv6_.error = ipv4_.error = error;
    loop_.arm(step_, 0);
  }

  void ask(const std::string& host, const ResolverOptions& options) {
    auto opened = ResolverChannel::open(loop_, options, *this);
    if (!opened) return fail(opened.error());
    channel_ = std::move(*opened);
    names_ = candidates(host, channel_->search_rules(options));
    loop_.arm(deadline_, options.lookup_ms_max);
    ask_next();
  }

 private:
  /// What is known of one family's addresses.
  struct Family {
    bool pending = true;
    std::vector<SocketAddress> addresses = {};
    std::error_code error = {};
  };

  void ask_next() {
    ipv6_ = ipv4_ = Family{};
    channel_->ask(names_[names_asked_++], port_);
  }

  void on_answer(int family, Answer answer) noexcept override {
    Family& one = family == AF_INET6 ? ipv6_ : ipv4_;
    one.pending = false;
    if (answer) {
      one.addresses = std::move(*answer);
    } else {
      one.error = answer.error();
    }
    loop_.arm(step_, 0);
  }

  void step() noexcept {
    if (ipv6_.pending && ipv4_.pending) return;
    if (!ipv6_.pending && !ipv4_.pending) return conclude();
    // The first answer of two: nothing has been told.
    // RFC 8305 section 3: IPv6 is used as soon as it is there, IPv4 only after a while.
    if (!ipv6_.addresses.empty()) return tell_part();
    if (!ipv4_.addresses.empty()) loop_.arm(delay_, resolution_delay_ms_);
  }

  void conclude() noexcept {
    if (told_ || !ipv6_.addresses.empty() || !ipv4_.addresses.empty()) {
      return end(Resolution{take_addresses(), true});
    }
    // A family of which nothing is known says more than one of which there is nothing.
    const std::error_code error = is_negative(ipv6_.error) ? ipv4_.error : ipv6_.error;
    if (!is_negative(error)) return end(std::unexpected(error));
    has_name_ |=
        ipv6_.error == ResolveError::no_addresses || ipv4_.error == ResolveError::no_addresses;
    if (names_asked_ < names_.size()) return ask_next();
    end(std::unexpected(has_name_ ? ResolveError::no_addresses : ResolveError::host_not_found));
  }

  void on_deadline() noexcept {
    for (Family* family : {&ipv6_, &ipv4_}) {
      if (family->pending) family->error = ResolveError::timed_out;
      family->pending = false;
    }
    conclude();
  }

  /// Addresses that have not been told yet, in order.
  std::vector<SocketAddress> take_addresses() {
    std::vector<SocketAddress> addresses = std::exchange(ipv6_.addresses, {});
    addresses.insert(addresses.end(), ipv4_.addresses.begin(), ipv4_.addresses.end());
    ipv4_.addresses.clear();
    order_destinations(addresses);
    return addresses;
  }

  void tell_part() noexcept {
    delay_.disarm();
    told_ = true;
    bool destroyed = false;
    destroyed_ = &destroyed;
    OnResolved on_resolved = std::move(on_resolved_);
    on_resolved(Resolution{take_addresses(), false});
    if (destroyed) return;
    destroyed_ = nullptr;
    on_resolved_ = std::move(on_resolved);
  }

  void end(std::expected<Resolution, std::error_code> result) noexcept {
    for (Timer* timer : {static_cast<Timer*>(&step_), static_cast<Timer*>(&delay_),
                         static_cast<Timer*>(&deadline_)}) {
      timer->disarm();
    }
    channel_.reset();
    // On the stack, as this object may be destroyed meanwhile.
    OnResolved on_resolved = std::move(on_resolved_);
    on_resolved(std::move(result));
  }

  EventLoop& loop_;
  std::uint16_t port_;
  std::uint64_t resolution_delay_ms_;
  OnResolved on_resolved_;
  std::unique_ptr<ResolverChannel> channel_;
  std::vector<std::string> names_;
  std::size_t names_asked_ = 0;
  bool has_name_ = false;  // one of the names exists, without addresses
  bool told_ = false;      // a part
  Family ipv6_;
  Family ipv4_;
  bool* destroyed_ = nullptr;
  Alarm<State> step_{*this, &State::step};
  Alarm<State> delay_{*this, &State::tell_part};
  Alarm<State> deadline_{*this, &State::on_deadline};
};

Resolver::Lookup::Lookup() noexcept = default;
Resolver::Lookup::Lookup(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Resolver::Lookup::Lookup(Lookup&& other) noexcept = default;
Resolver::Lookup& Resolver::Lookup::operator=(Lookup&& other) noexcept = default;
Resolver::Lookup::~Lookup() = default;

void Resolver::FreeChannel::operator()(ares_channeldata* channel) const noexcept {
  ares_destroy(channel);
}

Resolver::Resolver(EventLoop& loop, ResolverOptions options)
    : loop_(loop), options_(std::move(options)) {
  // Its counter is not for several threads, and what it sets up is kept.
  static std::once_flag once;
  std::call_once(once, [] { ares_library_init(ARES_LIB_INIT_ALL); });

  std::string lookups = "f";
  ares_options settings{};
  settings.lookups = lookups.data();
  ares_channel channel = nullptr;
  if (ares_init_options(&channel, &settings, ARES_OPT_LOOKUPS) == ARES_SUCCESS) {
    files_.reset(channel);
  }
}

Resolver::~Resolver() = default;

std::vector<SocketAddress> Resolver::in_hosts_file(const std::string& name, std::uint16_t port) {
  struct Found {
    std::vector<SocketAddress> addresses;
    std::uint16_t port;
    std::size_t family_max;
  } found{{}, port, options_.family_addresses_max};
  const auto answered = [](void* argument, int status, int, ares_addrinfo* answer) {
    Found& into = *static_cast<Found*>(argument);
    if (status == ARES_SUCCESS) {
      into.addresses = addresses_in(*answer, AF_UNSPEC, into.port, into.family_max);
    }
    if (answer != nullptr) ares_freeaddrinfo(answer);
  };
  if (!files_) return {};
  ares_addrinfo_hints hints{};
  hints.ai_flags = ARES_AI_NOSORT | ARES_AI_ENVHOSTS;
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  ares_getaddrinfo(files_.get(), name.c_str(), nullptr, &hints, answered, &found);
  // It has answered by now, as files need no waiting. Should that change, `found` must not be used.
  ares_cancel(files_.get());
  order_destinations(found.addresses);
  return std::move(found.addresses);
}

Resolver::Lookup Resolver::resolve(std::string_view host, std::uint16_t port,
                                   OnResolved on_resolved) {
  Lookup lookup(std::make_unique<State>(loop_, options_, port, std::move(on_resolved)));
  State& state = *lookup.state_;
  std::vector<SocketAddress> known = addresses_without_lookup(host, port);
  const std::string name(host);
  if (known.empty() && !is_host_name(name)) {
    state.fail(ResolveError::invalid_name);
    return lookup;
  }
  if (known.empty()) known = in_hosts_file(name, port);
  if (known.empty()) {
    state.ask(name, options_);
  } else {
    state.answer(std::move(known));
  }
  return lookup;
}

std::vector<SocketAddress> addresses_without_lookup(std::string_view host, std::uint16_t port) {
  const auto parsed = [&](std::string_view text) {
    std::string with_port(text);
    with_port.append(1, ':').append(std::to_string(port));
    return SocketAddress::parse(with_port);
  };
  if (is_localhost(host)) {
    std::vector<SocketAddress> addresses = {*parsed("[::1]"), *parsed("127.0.0.1")};
    order_destinations(addresses);
    return addresses;
  }
  // Forms that `parse` has besides addresses.
  if (host.empty() || host.starts_with("unix:")) return {};
  std::string text(host);
  if (host.contains(':') && !host.starts_with('[')) text.insert(0, 1, '[').append(1, ']');
  const auto address = parsed(text);
  if (!address) return {};
  return {*address};
}

}  // namespace duplex::net

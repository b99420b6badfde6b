#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "random.hpp"
#include "world.hpp"
#include <duplex/duplex.hpp>

namespace duplex::stress {

/// Whose client a script uses: that of the run, which is replaced meanwhile, or one of its own,
/// which is destroyed meanwhile.
class Caller {
 public:
  explicit Caller(World& world) noexcept : world_(&world) {}
  Caller(World& world, const Client& own) noexcept : world_(&world), own_(&own) {}

  /// Not to be kept over a wait. Null when there is none any more.
  std::shared_ptr<const Client> client() const;
  World& world() const noexcept { return *world_; }

 private:
  World* world_;
  const Client* own_ = nullptr;
};

/// A path that answers GET, or doesn't.
std::string_view some_path(Random& random);
/// One of a WebSocket.
std::string_view some_socket_path(Random& random);

/// The key of a request.
std::uint32_t some_key(Random& random);

/// What came of a call: looks whether it is what the server says there.
void check(World& world, const Result<ClientResponse>& result);

/// A call of any kind.
Task<> fetch(Caller caller, Random random);
/// Opens a WebSocket, and uses it.
Task<> talk(Caller caller, Random random, int depth);
/// The same with one that comes back.
Task<> come_back(Caller caller, Random random);

/// Waits for what coroutines wait for: time, work elsewhere, other tasks, calls, sockets.
Task<> run_errands(World& world, Random random, int depth);

}  // namespace duplex::stress

#pragma once

#include <cstdint>

namespace duplex::connection {

/// What becomes of a message that was published.
enum class PublishStatus : std::uint8_t {
  accepted,  ///< it goes to all who have subscribed
  /// Accepted too, but another thread has more to deliver than it should: publish less for a while.
  /// A connection whose own input makes it publish is not read from until that thread has caught
  /// up; all others have to look at this.
  backlogged,
};

}  // namespace duplex::connection

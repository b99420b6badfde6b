#pragma once

#include <cstdint>

#include <duplex/http1/response_plan.hpp>

namespace duplex::http1 {

/// How one request is framed and what it says about its connection; made by
/// `ClientExchange::begin`.
struct RequestPlan {
  /// Never `until_close`: nobody could answer then.
  Framing framing = Framing::none;
  /// With `Framing::content_length`.
  std::uint64_t content_length = 0;
  /// Whether it says `Expect: 100-continue` (RFC 9110 section 10.1.1).
  bool expect_continue = false;
  ConnectionOptions connection = {};

  friend constexpr bool operator==(const RequestPlan&, const RequestPlan&) = default;
};

}  // namespace duplex::http1

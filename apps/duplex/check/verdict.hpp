#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace duplex::app::check {

/// How well a peer did in one case, the best first.
enum class Verdict : std::uint8_t {
  right,           ///< What the RFC demands.
  acceptable,      ///< Allowed, or harmless, but not the best that can be done.
  wrong,           ///< Against the RFC.
  not_applicable,  ///< Not checked: the peer doesn't have what the case is about.
};

/// `right`, `acceptable`, `wrong`, `not applicable`.
std::string_view name(Verdict verdict) noexcept;

/// A verdict and a sentence that says why; none is needed for `right`.
struct Finding {
  Verdict verdict = Verdict::right;
  std::string why;
};

}  // namespace duplex::app::check

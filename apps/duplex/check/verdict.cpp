#include "verdict.hpp"

namespace duplex::app::check {

std::string_view name(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::right: return "right";
    case Verdict::acceptable: return "acceptable";
    case Verdict::wrong: return "wrong";
    case Verdict::not_applicable: return "not applicable";
  }
  return "";
}

}  // namespace duplex::app::check

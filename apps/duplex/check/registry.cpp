#include "cases.hpp"

namespace duplex::app::check {

const Cases& all_cases() {
  static const Cases cases = [] {
    Cases all;
    add_framing_cases(all);
    add_ping_cases(all);
    return all;
  }();
  return cases;
}

}  // namespace duplex::app::check

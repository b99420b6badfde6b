#include "cases.hpp"

namespace duplex::app::check {

const Cases& all_cases() {
  static const Cases cases = [] {
    Cases all;
    add_framing_cases(all);
    add_ping_cases(all);
    add_fragment_cases(all);
    add_utf8_cases(all);
    add_close_cases(all);
    add_limit_cases(all);
    add_request_cases(all);
    add_request_answer_cases(all);
    add_refused_request_cases(all);
    add_client_request_cases(all);
    add_response_cases(all);
    add_deflate_opening_cases(all);
    add_deflate_block_cases(all);
    add_deflate_cases(all);
    add_invalid_deflate_cases(all);
    return all;
  }();
  return cases;
}

}  // namespace duplex::app::check

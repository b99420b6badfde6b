#include <fmt/format.h>

#include <string>

#include "cases.hpp"
#include "payloads.hpp"
#include "script.hpp"

namespace duplex::app::check {

void add_ping_cases(Cases& cases) {
  cases.push_back({.id = "ping/empty",
                   .title = "A ping without a payload",
                   .expected = "a pong without one",
                   .rule = "RFC 6455 section 5.5.2",
                   .run = [](Script& script) {
                     script.send({.opcode = Opcode::ping});
                     script.expect_pong("");
                     script.close();
                   }});
}

}  // namespace duplex::app::check

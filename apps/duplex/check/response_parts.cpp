#include "response_parts.hpp"

#include <fmt/format.h>

#include <utility>

namespace duplex::app::check {

void add_client_case(Cases& cases, std::string_view id, std::string title, std::string expected,
                     std::string rule, std::function<void(Script&)> run) {
  cases.push_back({.id = fmt::format("handshake/{}", id),
                   .title = std::move(title),
                   .expected = std::move(expected),
                   .rule = std::move(rule),
                   .checks = Checks::clients,
                   .begin = Begin::connected,
                   .run = std::move(run)});
}

}  // namespace duplex::app::check

#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "case_parts.hpp"

/// What cases of the opening handshakes of clients have in common.
namespace duplex::app::check {

/// A case for clients of the group `handshake`, in which the request has not been answered.
void add_client_case(Cases& cases, std::string_view id, std::string title, std::string expected,
                     std::string rule, std::function<void(Script&)> run);

}  // namespace duplex::app::check

#pragma once

#include <functional>
#include <string>

#include "case_parts.hpp"
#include "head_changes.hpp"

/// What cases of the opening handshakes of servers have in common.
namespace duplex::app::check {

inline constexpr auto reading_the_request = "RFC 6455 section 4.2.1";
inline constexpr auto connection_field = "RFC 6455 section 4.2.1, RFC 9110 section 7.6.1";
inline constexpr auto upgrade_field = "RFC 6455 section 4.2.1, RFC 9110 section 7.8";
inline constexpr auto key_field = "RFC 6455 sections 4.2.1, 11.3.1";

/// The same request with its line or its fields otherwise.
struct RequestVariant {
  std::string id;
  std::string title;
  std::string rule;
  Change change;
};

/// Another method, or another version: the target stays.
Change start_line(std::string method, std::string version);

/// A case for servers of the group `handshake`, in which nothing has been sent.
void add_request_case(Cases& cases, std::string id, std::string title, std::string expected,
                      std::string rule, std::function<void(Script&)> run);

/// Requests that a server may take, but need not; `taking` is what it does if it does, in the words
/// of a finding, when refusing is better.
void add_either(Cases& cases, RequestVariant variant, std::string refusing,
                std::string taking = {});

}  // namespace duplex::app::check

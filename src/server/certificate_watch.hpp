#pragma once

#include <chrono>
#include <stop_token>

#include "server/certificates.hpp"

namespace duplex::server {

/// Has `certificates` look at their files again and again, until it is asked to stop; then it
/// returns at once. For a thread of its own.
void watch_certificates(Certificates& certificates, const std::stop_token& stop,
                        std::chrono::milliseconds interval = std::chrono::seconds(1));

}  // namespace duplex::server

#pragma once

#include <string>

#include <duplex/tls/error.hpp>

namespace duplex::tls {

/// What went wrong, with a sentence for people, without a full stop.
struct Failure {
  TlsError kind = TlsError::internal;
  std::string sentence;
};

}  // namespace duplex::tls

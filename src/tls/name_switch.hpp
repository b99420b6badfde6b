#pragma once

#include <vector>

#include "tls/openssl.hpp"
#include "tls/server_names.hpp"

namespace duplex::tls {

/// Makes connections that begin with `first` go on with the context for the name that the client
/// asks for: that of set n of `names` is `others[n - 1]`, and of set 0 `first`, which keeps all of
/// them alive. What OpenSSL does not take over from the other context, such as options and what is
/// asked of clients, has to be the same in all. Throws std::bad_alloc.
void switch_by_name(SSL_CTX& first, ServerNames names, std::vector<SslContextPointer> others);

}  // namespace duplex::tls

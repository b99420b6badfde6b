#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tls/key_type.hpp"
#include "tls/openssl.hpp"
#include <duplex/tls/certificate.hpp>
#include <duplex/tls/credential.hpp>

namespace duplex::tls {

/// Which end of connections shows a certificate.
enum class Purpose : std::uint8_t { server, client };

/// A `Credential` that was read and found good.
struct LoadedCredential {
  /// How sentences name it: its certificate's file.
  std::string name;
  /// How sentences name where the key was found.
  std::string key_name;
  /// That of who shows them first; at least one.
  std::vector<X509Pointer> certificates;
  /// Whether the file holds the root to which they lead, too, which peers aren't sent.
  bool root_left_out = false;
  KeyPointer key;
  KeyType key_type = KeyType::ecdsa;
  /// Of the first certificate.
  Certificate description;
  /// The hosts that it is for, wildcards as they are: the alternative names, or in old
  /// certificates, which have none at all, the common name.
  std::vector<std::string> host_names;
  std::vector<std::string> warnings;

  X509& leaf() const noexcept { return *certificates.front(); }
};

/// Reads and checks; `now` is what the dates are held against. Throws Unusable.
LoadedCredential load_credential(const Credential& credential, std::chrono::sys_seconds now,
                                 Purpose purpose = Purpose::server);

}  // namespace duplex::tls

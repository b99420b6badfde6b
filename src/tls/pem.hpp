#pragma once

#include <string>
#include <vector>

#include "tls/material.hpp"
#include "tls/openssl.hpp"

/// What PEM text holds (RFC 7468). Nobody is ever asked for a passphrase on the terminal.
namespace duplex::tls {

/// All certificates, in their order. Throws Unusable when there is none, or one can't be read.
std::vector<X509Pointer> read_certificates(const Material& material);

/// Whether there is a private key, encrypted or not.
bool holds_key(const Material& material) noexcept;

/// The first private key. `passphrase_file` is read when the key is encrypted; empty when none is
/// named. Throws Unusable.
KeyPointer read_key(const Material& material, const std::string& passphrase_file);

}  // namespace duplex::tls

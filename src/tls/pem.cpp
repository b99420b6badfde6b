#include "tls/pem.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <span>

#include "tls/unusable.hpp"

namespace duplex::tls {
namespace {

struct PassphraseQuestion {
  const std::string& file;
  bool asked = false;
  std::string refusal = {};  // why there is no answer
};

// An exception may not cross OpenSSL.
int answer_passphrase(char* buffer, int room, int /*writing*/, void* argument) noexcept {
  auto& question = *static_cast<PassphraseQuestion*>(argument);
  question.asked = true;
  if (question.file.empty()) return -1;
  try {
    const std::string passphrase = read_passphrase(question.file);
    const std::size_t length = std::min(passphrase.size(), static_cast<std::size_t>(room));
    std::ranges::copy_n(passphrase.begin(), static_cast<std::ptrdiff_t>(length), buffer);
    return static_cast<int>(length);
  } catch (const std::exception& problem) {
    question.refusal = problem.what();
    return -1;
  }
}

// Certificates are no secret. Without this, OpenSSL would ask on the terminal.
int refuse_passphrase(char* /*buffer*/, int /*room*/, int /*writing*/,
                      void* /*argument*/) noexcept {
  return -1;
}

}  // namespace

std::vector<X509Pointer> read_certificates(const Material& material) {
  const auto in = reader_of(material.content);
  std::vector<X509Pointer> certificates;
  ERR_clear_error();
  while (
      X509Pointer certificate{PEM_read_bio_X509(in.get(), nullptr, refuse_passphrase, nullptr)}) {
    certificates.push_back(std::move(certificate));
  }
  const unsigned long code = ERR_peek_last_error();
  const bool at_end =
      ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
  const std::string reason = take_openssl_error();
  if (!at_end) {
    throw Unusable("certificate " + std::to_string(certificates.size() + 1) + " in " +
                   material.name + " can't be read (" + reason + "): it is damaged");
  }
  if (certificates.empty()) {
    throw Unusable("no certificate in " + material.name +
                   ": it has to hold one as PEM, which begins with -----BEGIN CERTIFICATE-----");
  }
  return certificates;
}

bool holds_key(const Material& material) noexcept {
  return material.content.find("PRIVATE KEY-----") != std::string::npos;
}

KeyPointer read_key(const Material& material, const std::string& passphrase_file) {
  if (!holds_key(material)) {
    throw Unusable("no private key in " + material.name +
                   ": it has to hold one as PEM, which begins with -----BEGIN PRIVATE KEY-----");
  }
  const auto in = reader_of(material.content);
  PassphraseQuestion question{.file = passphrase_file};
  KeyPointer key(PEM_read_bio_PrivateKey(in.get(), nullptr, answer_passphrase, &question));
  const std::string reason = take_openssl_error();
  if (key) return key;
  if (!question.refusal.empty()) throw Unusable(question.refusal);
  if (question.asked && passphrase_file.empty()) {
    throw Unusable("the key in " + material.name +
                   " is encrypted: name a file with its passphrase, or give a key without one");
  }
  if (question.asked) {
    throw Unusable("the passphrase in " + passphrase_file + " does not open the key in " +
                   material.name);
  }
  throw Unusable("the key in " + material.name + " can't be read (" + reason +
                 "): it is damaged, or of a kind that OpenSSL does not know");
}

}  // namespace duplex::tls

#include "development_certificate.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <vector>

#include "data_folder.hpp"
#include "files.hpp"
#include "host_name.hpp"
#include <duplex/tls/authority.hpp>

namespace duplex::app {
namespace {

using std::chrono::days;

constexpr days validity{397};
constexpr days renewed_before_end{30};

/// What a certificate is for.
using Names = std::vector<std::string>;

tls::IssuedCertificate make(const Names& names) {
  return tls::make_self_signed(
      {.names = names, .common_name = "duplex development", .validity = validity});
}

/// Machines may have names that no certificate can have.
tls::IssuedCertificate make_for_this_machine() {
  const Names names = {"localhost", "127.0.0.1", "::1"};
  if (const std::optional<std::string> host = host_name()) {
    Names more = names;
    more.push_back(*host);
    try {
      return make(more);
    } catch (const std::invalid_argument&) {
      return make(names);
    }
  }
  return make(names);
}

bool same_names(const tls::Certificate& left, const tls::Certificate& right) {
  return std::ranges::is_permutation(left.dns_names, right.dns_names) &&
         std::ranges::is_permutation(left.ip_addresses, right.ip_addresses);
}

/// Certificate and key of an earlier start, when they are as `fresh` would be.
std::optional<std::string> kept(const std::string& path, const tls::Certificate& fresh) {
  try {
    std::string text = read_file(path);
    const tls::Certificate found = tls::describe(text);
    const auto now = std::chrono::system_clock::now();
    if (found.not_before <= now && found.not_after > now + renewed_before_end &&
        same_names(found, fresh)) {
      return text;
    }
    return std::nullopt;
  } catch (const std::exception&) {  // there is none, or it is damaged: then it is replaced
    return std::nullopt;
  }
}

std::string certificate_in(const std::string& certificate_and_key) {
  return certificate_and_key.substr(0, certificate_and_key.find("-----BEGIN PRIVATE KEY"));
}

void write(const std::string& path, const std::string& text, Readable readable) {
  const NewFile file{.path = path, .text = text, .readable = readable};
  write_files({&file, 1}, Existing::replace);
}

}  // namespace

DevelopmentCertificate development_certificate() {
  const tls::IssuedCertificate fresh = make_for_this_machine();
  const std::string both = fresh.certificate + fresh.key;
  DevelopmentCertificate result{.credential = both,
                                .public_path = {},
                                .certificate = tls::describe(fresh.certificate),
                                .reason = {}};
  const std::optional<std::string> data = data_folder();
  if (!data) {
    result.reason = "there is no HOME in the environment";
    return result;
  }
  try {
    const std::string folder = *data + "/self-signed";
    // One file for both, so that a certificate never meets another's key.
    const std::string path = folder + "/certificate-and-key.pem";
    const std::string public_path = folder + "/certificate.pem";
    make_private_folder(folder);
    const FolderLock lock(folder);
    std::optional<std::string> in_use = kept(path, result.certificate);
    if (!in_use) {
      write(path, both, Readable::by_owner);
      in_use = both;
    }
    // Each time, should the last one have ended between the two.
    write(public_path, certificate_in(*in_use), Readable::by_all);
    result.certificate = tls::describe(*in_use);
    result.credential = path;
    result.public_path = public_path;
  } catch (const std::runtime_error& error) {
    result.reason = error.what();
  }
  return result;
}

}  // namespace duplex::app

#include "cert.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "data_folder.hpp"
#include "files.hpp"
#include "host_name.hpp"
#include "subcommand.hpp"

namespace duplex::app {
namespace {

using tls::Certificate;
using tls::IssuedCertificate;

constexpr std::chrono::days authority_validity{3650};

/// The authority's files.
struct AuthorityFiles {
  std::string folder;
  std::string certificate;
  std::string key;
};

std::string full_path(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

AuthorityFiles authority_files(const CertOptions& options) {
  std::optional<std::string> folder = options.folder;
  if (!folder) {
    folder = data_folder();
    if (!folder) throw UsageError("there is no HOME in the environment: say where with --dir DIR");
    *folder += "/ca";
  }
  // Absolute, since what is printed is to work elsewhere too.
  *folder = full_path(*folder);
  if (folder->size() > 1 && folder->ends_with('/')) folder->pop_back();
  return {.folder = *folder, .certificate = *folder + "/ca.pem", .key = *folder + "/ca-key.pem"};
}

/// Distinct for each machine, so that people who trust several can tell them apart.
std::string authority_name() {
  constexpr std::size_t characters_max = 64;
  return ("duplex development CA of " + host_name().value_or("this machine"))
      .substr(0, characters_max);
}

IssuedCertificate make_authority(const AuthorityFiles& files, tls::KeyKind kind) {
  IssuedCertificate authority = tls::make_authority(authority_name(), authority_validity, kind);
  write_files({{{files.key, authority.key, Readable::by_owner},
                {files.certificate, authority.certificate, Readable::by_all}}},
              Existing::keep);
  return authority;
}

/// Half an authority is not completed: its other half may be somewhere, and trusted.
void refuse_half(const AuthorityFiles& files, bool has_certificate) {
  const std::string& present = has_certificate ? files.certificate : files.key;
  const std::string& missing = has_certificate ? files.key : files.certificate;
  throw std::runtime_error(
      fmt::format("there is {} without {}: bring that back, or delete the one that is left, for a "
                  "new authority",
                  present, missing));
}

struct Authority {
  IssuedCertificate texts;
  bool is_new = false;
};

Authority open_authority(const AuthorityFiles& files, tls::KeyKind kind) {
  const bool has_certificate = file_exists(files.certificate);
  const bool has_key = file_exists(files.key);
  if (!has_certificate && !has_key) return {.texts = make_authority(files, kind), .is_new = true};
  if (has_certificate != has_key) refuse_half(files, has_certificate);
  return {.texts = {.certificate = read_file(files.certificate), .key = read_file(files.key)}};
}

tls::CertificateRequest request_of(const CertOptions& options) {
  tls::CertificateRequest request{
      .names = options.names,
      .common_name = options.client.value_or(""),
      .key = options.rsa ? tls::KeyKind::rsa_2048 : tls::KeyKind::ecdsa_p256,
      .validity = options.validity,
      .client = options.client.has_value(),
  };
  if (request.client && request.common_name.empty()) throw UsageError("--client: needs a name");
  if (!request.client && request.names.empty()) request.names = {"localhost", "127.0.0.1", "::1"};
  return request;
}

/// Tells the user's mistakes before anything is written, and apart from those of the authority.
void check_request(tls::CertificateRequest request) {
  request.key = tls::KeyKind::ecdsa_p256;  // which is made in no time
  try {
    tls::make_self_signed(request);
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
}

IssuedCertificate sign(const AuthorityFiles& files, const IssuedCertificate& authority,
                       const tls::CertificateRequest& request) {
  try {
    return tls::issue(authority, request);
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error(
        fmt::format("the authority in {} can't sign: {} (with --dir ELSEWHERE, or by deleting its "
                    "two files, which those who trust it will have to be told)",
                    files.folder, error.what()));
  }
}

void refuse_existing(const std::string& path) {
  if (!file_exists(path)) return;
  throw std::runtime_error(fmt::format(
      "{} exists already: --force replaces it, --out and --key choose other files", path));
}

/// Whether others than its owner may read the file, as ours never let them.
bool readable_by_others(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

std::string names_of(const Certificate& certificate) {
  std::vector<std::string> names = certificate.dns_names;
  names.insert(names.end(), certificate.ip_addresses.begin(), certificate.ip_addresses.end());
  return names.empty() ? certificate.subject : fmt::format("{}", fmt::join(names, ", "));
}

std::string summary(const Certificate& certificate) {
  return fmt::format(
      "  for          {}\n"
      "  valid until  {:%Y-%m-%d %H:%M} UTC\n"
      "  SHA-256      {}\n",
      names_of(certificate),
      fmt::gmtime(std::chrono::system_clock::to_time_t(certificate.not_after)),
      certificate.fingerprint);
}

std::string how_to_trust(const std::string& authority) {
  return fmt::format(
      "Who is to trust the certificates of this authority:\n"
      "  curl      curl --cacert {0} https://localhost:8443/\n"
      "  Debian    sudo cp {0} /usr/local/share/ca-certificates/duplex-development.crt\n"
      "            sudo update-ca-certificates\n"
      "  Chromium  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n duplex-development -i {0}\n"
      "            (of libnss3-tools; before, if there is no such folder:\n"
      "            mkdir -p $HOME/.pki/nssdb; certutil -d sql:$HOME/.pki/nssdb -N "
      "--empty-password)\n"
      "  Firefox   the same with -d sql:PROFILE, the folder that about:profiles names; or import\n"
      "            it in Settings, Privacy & Security, View Certificates, Authorities\n"
      "Only on machines of your own: whoever gets its key could pose as any site to them.\n",
      shell_word(authority));
}

std::string how_to_serve(const std::string& certificate, const std::string& key) {
  return fmt::format(
      "Serve with it:\n"
      "  duplex serve --tls-listen 127.0.0.1:8443 --tls-cert {} --tls-key {}\n",
      shell_word(certificate), shell_word(key));
}

std::string how_to_show(const std::string& authority, const std::string& certificate,
                        const std::string& key) {
  return fmt::format(
      "Show it to a server:\n"
      "  curl      curl --cacert {0} --cert {1} --key {2} https://localhost:8443/\n"
      "  browsers  openssl pkcs12 -export -in {1} -inkey {2} -out client.p12\n"
      "            and import client.p12\n"
      "A server that lets it in:\n"
      "  duplex serve --tls-listen 127.0.0.1:8443 --tls-cert cert.pem --tls-key key.pem \\\n"
      "    --tls-client-ca {0}\n",
      shell_word(authority), shell_word(certificate), shell_word(key));
}

}  // namespace

std::string shell_word(const std::string& text) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:,+@%";
  if (!text.empty() && text.find_first_not_of(plain) == text.npos) return text;
  std::string word = "'";
  for (const char character : text) {
    if (character == '\'') {
      word += "'\\''";
    } else {
      word += character;
    }
  }
  return word + "'";
}

std::string make_certificate(const CertOptions& options) {
  const tls::CertificateRequest request = request_of(options);
  check_request(request);
  const std::string certificate_path =
      options.certificate_path.value_or(request.client ? "client.pem" : "cert.pem");
  const std::string key_path =
      options.key_path.value_or(request.client ? "client-key.pem" : "key.pem");
  if (full_path(certificate_path) == full_path(key_path)) {
    throw UsageError("--out and --key name the same file: the key needs one for itself");
  }
  const AuthorityFiles files = authority_files(options);
  for (const std::string& path : {certificate_path, key_path}) {
    if (!options.force) refuse_existing(path);
    if (full_path(path) == files.certificate || full_path(path) == files.key) {
      throw UsageError(fmt::format("{} is the authority's: choose another file", path));
    }
  }

  make_private_folder(files.folder);
  const FolderLock lock(files.folder);
  const Authority authority = open_authority(files, request.key);
  const IssuedCertificate issued = sign(files, authority.texts, request);
  // With the authority's own behind it, the chain is whole wherever somebody looks.
  write_files(
      {{{key_path, issued.key, Readable::by_owner},
        {certificate_path, issued.certificate + authority.texts.certificate, Readable::by_all}}},
      options.force ? Existing::replace : Existing::keep);

  std::string told;
  if (authority.is_new) {
    told += fmt::format("Made an authority of your own, {} and its key {}\n{}\n", files.certificate,
                        files.key, summary(tls::describe(authority.texts.certificate)));
  }
  if (readable_by_others(files.key)) {
    told += fmt::format("Warning: others can read the authority's key: chmod 600 {}\n\n",
                        shell_word(files.key));
  }
  told += fmt::format("Wrote {} and its key {}, signed by {}\n{}\n", certificate_path, key_path,
                      files.certificate, summary(tls::describe(issued.certificate)));
  told += request.client ? how_to_show(files.certificate, certificate_path, key_path)
                         : how_to_serve(certificate_path, key_path);
  if (!request.client) told += '\n' + how_to_trust(files.certificate);
  return told;
}

}  // namespace duplex::app

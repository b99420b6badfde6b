// Uses a protocol core alone: no sockets, no threads, only duplex::core.
#include <cstdio>

#include <duplex/base/utf8.hpp>
#include <duplex/http/status.hpp>

int main() {
  if (!duplex::is_valid_utf8(duplex::as_bytes("gr\xc3\xbc\xc3\x9f dich"))) return 1;
  const auto phrase = duplex::http::reason_phrase(duplex::http::Status::not_found);
  std::printf("%.*s\n", static_cast<int>(phrase.size()), phrase.data());
}

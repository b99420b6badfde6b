// Takes uploads of any size in a few kilobytes of memory: the handler reads the content piece by
// piece, and while it does something else the client is slowed down by TCP.
//
//   curl -T big.iso http://127.0.0.1:8080/upload

#include <cstdint>
#include <string>
#include <string_view>

#include "serve.hpp"

namespace {

/// FNV-1a, a small checksum.
class Checksum {
 public:
  void add(std::string_view text) noexcept {
    for (const char character : text) {
      value_ = (value_ ^ static_cast<unsigned char>(character)) * 0x100000001b3;
    }
  }
  std::uint64_t value() const noexcept { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325;
};

duplex::Task<duplex::Response> receive(const duplex::Request&, duplex::BodyReader& body) {
  std::uint64_t bytes = 0;
  Checksum checksum;
  while (auto piece = co_await body.read()) {
    bytes += piece->size();
    checksum.add(*piece);
  }
  co_return duplex::Response::text(std::to_string(bytes) + " bytes, checksum " +
                                   std::to_string(checksum.value()) + "\n");
}

}  // namespace

int main(int argc, char** argv) {
  // By default a body may have 16 MiB.
  duplex::Server server({.limits = {.body_bytes_max = std::uint64_t{1} << 40}});
  server.put("/upload", receive);
  server.post("/upload", receive);
  return serve(server, argc, argv);
}

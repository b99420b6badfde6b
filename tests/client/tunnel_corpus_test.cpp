#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>

#include "fuzz/client/http_tunnel_properties.hpp"
#include "fuzz/client/socks5_properties.hpp"

namespace duplex::client {
namespace {

int replay(const char* folder, const std::function<void(std::string_view)>& check) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    check(content);
    ++count;
  }
  return count;
}

TEST(Socks5Corpus, HoldsTheProperties) {
  EXPECT_GT(replay(DUPLEX_CORPUS "/socks5_fuzz", check_socks5), 0);
}

TEST(HttpTunnelCorpus, HoldsTheProperties) {
  EXPECT_GT(replay(DUPLEX_CORPUS "/http_tunnel_fuzz", check_http_tunnel), 0);
}

}  // namespace
}  // namespace duplex::client

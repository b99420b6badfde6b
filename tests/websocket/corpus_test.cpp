#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/websocket/client_handshake_properties.hpp"
#include "fuzz/websocket/extensions_properties.hpp"
#include "fuzz/websocket/frame_parser_properties.hpp"
#include "fuzz/websocket/session_deflate_properties.hpp"
#include "fuzz/websocket/session_properties.hpp"

namespace duplex::websocket {
namespace {

/// Calls `check` with every file that the fuzz target starts from; it aborts at a broken property.
std::size_t replay(const std::filesystem::path& folder, void (*check)(ConstBytes)) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    check(as_bytes(content));
    ++count;
  }
  return count;
}

TEST(FrameParserCorpus, HoldsTheProperties) {
  EXPECT_GT(replay(DUPLEX_CORPUS "/frame_parser_fuzz", check_frame_parser), 0U);
}

TEST(SessionCorpus, HoldsTheProperties) {
  EXPECT_GT(replay(DUPLEX_CORPUS "/session_fuzz", check_session), 0U);
}

TEST(SessionDeflateCorpus, HoldsTheProperties) {
  EXPECT_GT(replay(DUPLEX_CORPUS "/session_deflate_fuzz", check_session_deflate), 0U);
}

TEST(ClientHandshakeCorpus, HoldsTheProperties) {
  EXPECT_GT(replay(DUPLEX_CORPUS "/client_handshake_fuzz", check_client_handshake), 0U);
}

TEST(ExtensionsCorpus, HoldsTheProperties) {
  EXPECT_GT(replay(DUPLEX_CORPUS "/extensions_fuzz", check_extensions), 0U);
}

}  // namespace
}  // namespace duplex::websocket

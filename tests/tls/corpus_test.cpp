#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/tls/record_layer_properties.hpp"

namespace duplex::tls {
namespace {

TEST(RecordLayerCorpus, HoldsTheProperties) {
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(DUPLEX_CORPUS "/record_layer_fuzz")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    check_record_layer(as_bytes(content));
    ++count;
  }
  EXPECT_GT(count, 0);
}

}  // namespace
}  // namespace duplex::tls

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/http/field_values_properties.hpp"

namespace duplex::http {
namespace {

TEST(FieldValues, CorpusKeepsTheProperties) {
  for (const auto& entry :
       std::filesystem::directory_iterator(DUPLEX_CORPUS "/field_values_fuzz")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string value(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(broken_field_value_property(value), "") << entry.path();
    for (std::size_t size = 0; size < value.size(); ++size) {
      EXPECT_EQ(broken_field_value_property(value.substr(0, size)), "") << entry.path();
      EXPECT_EQ(broken_field_value_property(value.substr(size)), "") << entry.path();
    }
  }
}

}  // namespace
}  // namespace duplex::http

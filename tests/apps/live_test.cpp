#include "live.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace duplex::app {
namespace {

TEST(LiveChannel, HasASaneName) {
  for (const std::string& name :
       {std::string("news"), std::string("a-b._~:@Z9"), std::string("x"), std::string(128, 'x')}) {
    EXPECT_TRUE(is_channel_name(name)) << name;
  }
  for (const std::string& name : {std::string(""), std::string(129, 'x'), std::string("a b"),
                                  std::string("a/b"), std::string("a\nb"), std::string("a\0b", 3),
                                  std::string("\xc3\xbc"), std::string("a%20")}) {
    EXPECT_FALSE(is_channel_name(name)) << name;
  }
}

}  // namespace
}  // namespace duplex::app

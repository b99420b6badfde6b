#include <gtest/gtest.h>

#include <duplex/http/method_set.hpp>

namespace duplex::http {
namespace {

TEST(MethodSet, HoldsWhatWasAdded) {
  MethodSet set;
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(format_allow(set), "");
  set.add(Method::patch);
  set.add(MethodSet{Method::get, Method::head});
  EXPECT_TRUE(set.contains(Method::get));
  EXPECT_FALSE(set.contains(Method::post));
  EXPECT_EQ(format_allow(set), "GET, HEAD, PATCH");
  EXPECT_EQ(set, (MethodSet{Method::head, Method::patch, Method::get}));
}

}  // namespace
}  // namespace duplex::http

#include "history_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace duplex::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class HistoryFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "history.XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    path_ = folder_ + "/duplex/lines";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  std::string path_;
};

TEST_F(HistoryFile, IsEmptyAtFirst) {
  EXPECT_THAT(read_history(path_, 10), IsEmpty());
  EXPECT_THAT(read_history("", 10), IsEmpty());
  add_to_history("", {"nowhere"}, 10);
}

TEST_F(HistoryFile, KeepsLinesForTheirOwnerOnly) {
  add_to_history(path_, {"one", "two"}, 10);
  EXPECT_THAT(read_history(path_, 10), ElementsAre("one", "two"));
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(HistoryFile, KeepsWhatAnotherProgramHasAdded) {
  add_to_history(path_, {"one"}, 10);
  add_to_history(path_, {"two"}, 10);
  EXPECT_THAT(read_history(path_, 10), ElementsAre("one", "two"));
}

TEST_F(HistoryFile, ForgetsTheOldest) {
  add_to_history(path_, {"1", "2", "3"}, 3);
  add_to_history(path_, {"4"}, 3);
  EXPECT_THAT(read_history(path_, 10), ElementsAre("2", "3", "4"));
  EXPECT_THAT(read_history(path_, 2), ElementsAre("3", "4"));
}

TEST_F(HistoryFile, IsNoFailureWhereItCanNotBe) {
  std::ofstream(folder_ + "/file") << "x";
  add_to_history(folder_ + "/file/lines", {"one"}, 10);
  EXPECT_THAT(read_history(folder_ + "/file/lines", 10), IsEmpty());
}

}  // namespace
}  // namespace duplex::app

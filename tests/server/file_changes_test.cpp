#include "server/file_changes.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace duplex::server {
namespace {

/// The stamps of a certificate and its key in some state; 0 for a file that is missing.
std::vector<FileStamp> state(std::int64_t certificate, std::int64_t key) {
  const auto stamp = [](std::int64_t number) {
    return number == 0 ? FileStamp{} : FileStamp{.there = true, .modified_ns = number};
  };
  return {stamp(certificate), stamp(key)};
}

TEST(FileChanges, AreToldOnceWhenTheFilesAreAtRestAgain) {
  FileChanges changes(state(1, 1));
  EXPECT_FALSE(changes.look(state(1, 1)));
  EXPECT_FALSE(changes.look(state(2, 1))) << "the key may follow";
  EXPECT_FALSE(changes.look(state(2, 2)));
  EXPECT_TRUE(changes.look(state(2, 2)));
  EXPECT_FALSE(changes.look(state(2, 2)));
}

TEST(FileChanges, AreToldOfAFileThatGoesAndComesBack) {
  FileChanges changes(state(1, 1));
  EXPECT_FALSE(changes.look(state(0, 1)));
  EXPECT_TRUE(changes.look(state(0, 1)));
  EXPECT_FALSE(changes.look(state(0, 1))) << "once for each state";
  EXPECT_FALSE(changes.look(state(1, 1)));
  EXPECT_TRUE(changes.look(state(1, 1))) << "what is in use now is not known to be this";
}

TEST(FileChanges, AreNotToldWhenAllIsAsItWas) {
  FileChanges changes(state(1, 1));
  EXPECT_FALSE(changes.look(state(0, 1)));
  EXPECT_FALSE(changes.look(state(1, 1)));
  EXPECT_FALSE(changes.look(state(1, 1)));
}

TEST(FileChanges, AreNotToldOfWhatWasReadOtherwise) {
  FileChanges changes(state(1, 1));
  EXPECT_FALSE(changes.look(state(2, 2)));
  changes.know(state(2, 2));
  EXPECT_FALSE(changes.look(state(2, 2)));
  changes.know(state(1, 2));  // read before the last of it had changed
  EXPECT_TRUE(changes.look(state(2, 2)));
}

class StampedFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("duplex-stamps-" + std::to_string(::getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const auto path = folder_ / name;
    std::ofstream(path) << text;
    return path;
  }
  static FileStamp stamp(const std::string& path) {
    return stamps_of(std::vector<std::string>{path}).front();
  }

  std::filesystem::path folder_;
};

TEST_F(StampedFile, IsTheSameUntilItIsWritten) {
  const std::string path = write("a", "one");
  const FileStamp before = stamp(path);
  EXPECT_TRUE(before.there);
  EXPECT_EQ(stamp(path), before);
  write("a", "longer");
  EXPECT_NE(stamp(path), before);
}

TEST_F(StampedFile, IsAnotherWhenItIsReplacedByOneOfTheSameSizeAndTime) {
  const std::string path = write("a", "one");
  const std::string other = write("b", "two");
  std::filesystem::last_write_time(other, std::filesystem::last_write_time(path));
  const FileStamp before = stamp(path);
  std::filesystem::rename(other, path);
  EXPECT_NE(stamp(path), before);
}

TEST_F(StampedFile, IsWhatALinkLeadsTo) {
  const std::string first = write("first", "text");
  const std::string second = write("second", "text");
  const std::string link = folder_ / "link";
  std::filesystem::create_symlink(first, link);
  EXPECT_EQ(stamp(link), stamp(first));
  std::filesystem::remove(link);
  std::filesystem::create_symlink(second, link);
  EXPECT_EQ(stamp(link), stamp(second));
  EXPECT_NE(stamp(link), stamp(first));
}

TEST_F(StampedFile, HasAStampWhenItIsMissingToo) {
  EXPECT_EQ(stamp(folder_ / "none"), FileStamp{});
  const std::string path = write("a", "");
  EXPECT_NE(stamp(path), FileStamp{});
}

}  // namespace
}  // namespace duplex::server

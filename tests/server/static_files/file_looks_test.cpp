#include "server/static_files/file_looks.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/server/static_files/temporary_folder.hpp"

namespace duplex::server {
namespace {

using std::chrono::milliseconds;
using Kind = FileStatus::Kind;

const std::chrono::system_clock::time_point start{std::chrono::hours(1)};
constexpr milliseconds age_max{100};

class FileLooksTest : public testing::Test {
 protected:
  FileLook look(const std::string& path, milliseconds when = {}) {
    return looks.look(tree, path, start + when, age_max);
  }
  FileStatus status_of(const std::string& path, milliseconds when = {}) {
    return look(path, when).sighting_of(http::ContentCoding::identity).status;
  }

  TemporaryFolder folder;
  FileTree tree{folder.path()};
  FileLooks looks{3};
};

TEST_F(FileLooksTest, TellsFilesFromFoldersAndFromNothing) {
  folder.write("sub/a", "file");
  EXPECT_EQ(look("sub/a").kind(), Kind::file);
  EXPECT_FALSE(look("sub/a").several());
  EXPECT_EQ(look("sub/a").choose({}), http::ContentCoding::identity);
  EXPECT_EQ(status_of("sub/a"), *tree.status("sub/a"));
  EXPECT_EQ(look("sub").kind(), Kind::folder);
  EXPECT_FALSE(look("sub").is_file());
  EXPECT_EQ(look("missing").kind(), std::nullopt);
}

TEST_F(FileLooksTest, RemembersOnlyWhatIsThereAndOnlyForAWhile) {
  folder.write("a", "1");
  const FileStatus first = status_of("a");
  look("missing");
  EXPECT_EQ(looks.count(), 1u);
  folder.write("a", "second");
  EXPECT_EQ(status_of("a", milliseconds(99)), first);
  EXPECT_EQ(look("a", milliseconds(99)).when(), start);
  EXPECT_NE(status_of("a", milliseconds(100)), first);
  EXPECT_EQ(look("a", milliseconds(100)).when(), start + milliseconds(100));
  std::filesystem::remove(folder / "a");
  EXPECT_TRUE(look("a", milliseconds(199)).is_file());
  EXPECT_EQ(look("a", milliseconds(200)).kind(), std::nullopt);
  EXPECT_EQ(looks.count(), 0u);
}

TEST_F(FileLooksTest, RemembersNothingWhenEachLookMustBeNew) {
  folder.write("a", "1");
  EXPECT_TRUE(looks.look(tree, "a", start, milliseconds(0)).is_file());
  EXPECT_EQ(looks.count(), 0u);
}

TEST_F(FileLooksTest, TakesNoMoreThanItsLimit) {
  for (int i = 0; i < 10; ++i) {
    folder.write(std::to_string(i), "");
    EXPECT_TRUE(look(std::to_string(i)).is_file());
    EXPECT_LE(looks.count(), 3u);
  }
  FileLooks none(0);
  EXPECT_TRUE(none.look(tree, "1", start, age_max).is_file());
  EXPECT_EQ(none.count(), 0u);
}

TEST_F(FileLooksTest, KeepsTreesApart) {
  const TemporaryFolder other_folder;
  const FileTree other(other_folder.path());
  folder.write("a", "1");
  EXPECT_TRUE(look("a").is_file());
  EXPECT_EQ(looks.look(other, "a", start, age_max).kind(), std::nullopt);
}

}  // namespace
}  // namespace duplex::server

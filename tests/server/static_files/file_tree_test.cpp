#include "server/static_files/file_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <system_error>

#include "tests/server/static_files/temporary_folder.hpp"

namespace duplex::server {
namespace {

using Kind = FileStatus::Kind;
using testing::HasSubstr;

TEST(FileTree, OpensFilesAndFolders) {
  const TemporaryFolder folder;
  folder.write("sub/a.txt", "hello");
  const FileTree tree(folder.path());
  const auto file = tree.open("sub/a.txt");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->status.kind, Kind::file);
  EXPECT_EQ(file->status.size_bytes, 5u);
  EXPECT_EQ(tree.open("sub")->status.kind, Kind::folder);
  EXPECT_EQ(tree.open(".")->status.kind, Kind::folder);
  EXPECT_EQ(tree.open("sub/b.txt").error(), std::errc::no_such_file_or_directory);
  EXPECT_FALSE(tree.open("sub/a.txt/x"));
  EXPECT_FALSE(tree.open(std::string(10000, 'x')));
}

TEST(FileTree, NoPathLeadsOut) {
  const TemporaryFolder outside;
  outside.write("secret", "secret");
  const TemporaryFolder folder;
  folder.write("sub/a.txt", "hello");
  folder.link(outside / "secret", "file-link");
  folder.link(outside.path().string(), "folder-link");
  folder.link("../" + outside.path().filename().string() + "/secret", "relative-link");
  folder.link(folder / "sub/a.txt", "absolute-link");
  folder.link("/proc/self/root", "magic-link");
  folder.link("loop", "loop");
  const FileTree tree(folder.path());
  for (const char* path : {"..", "../", "sub/../..", "/etc/passwd", "/", "file-link", "folder-link",
                           "folder-link/secret", "relative-link", "absolute-link", "magic-link",
                           "magic-link/etc", "loop", ""}) {
    EXPECT_FALSE(tree.open(path)) << path;
  }
  EXPECT_FALSE(tree.open("../" + outside.path().filename().string() + "/secret"));
}

TEST(FileTree, FollowsLinksThatStayInside) {
  const TemporaryFolder folder;
  folder.write("sub/a.txt", "hello");
  folder.link("sub/a.txt", "link");
  folder.link("../sub", "sub/up");
  const FileTree tree(folder.path());
  EXPECT_EQ(tree.open("link")->status.size_bytes, 5u);
  EXPECT_EQ(tree.open("sub/up/a.txt")->status, tree.open("sub/a.txt")->status);
}

TEST(FileTree, OpensNoPipesAndDoesNotWaitForThem) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const FileTree tree(folder.path());
  EXPECT_EQ(tree.status("pipe")->kind, Kind::other);
  EXPECT_EQ(tree.open("pipe").error(), std::errc::permission_denied);
}

TEST(FileTree, StatusTellsEveryChange) {
  const TemporaryFolder folder;
  folder.write("a", "hello");
  folder.touch("a", 1000, 5);
  const FileTree tree(folder.path());
  const FileStatus first = *tree.status("a");
  EXPECT_EQ(first, *tree.status("a"));
  EXPECT_EQ(first, tree.open("a")->status);
  EXPECT_EQ(first.modified_unix_ns, 1'000'000'000'005);
  EXPECT_EQ(first.modified_unix_s(), 1000);

  folder.write("b", "world");
  folder.touch("b", 1000, 5);
  EXPECT_NE(first, *tree.status("b")) << "another inode";
  folder.touch("a", 1000, 6);
  EXPECT_NE(first, *tree.status("a"));
}

TEST(FileTree, TimesBefore1970AreRoundedDown) {
  FileStatus status;
  status.modified_unix_ns = -1;
  EXPECT_EQ(status.modified_unix_s(), -1);
  status.modified_unix_ns = -1'000'000'000;
  EXPECT_EQ(status.modified_unix_s(), -1);
}

TEST(FileTree, SaysWhichFolderIsWrong) {
  const TemporaryFolder folder;
  folder.write("file", "");
  for (const std::string& path : {folder / "missing", folder / "file"}) {
    try {
      const FileTree tree(path);
      ADD_FAILURE();
    } catch (const std::system_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("\"" + path + "\": name one that exists"));
    }
  }
}

TEST(FileTree, EverythingFollowsAllLinks) {
  const TemporaryFolder folder;
  folder.write("a", "hello");
  folder.link(folder / "a", "link");
  EXPECT_EQ(FileTree::everything().open(folder / "link")->status.size_bytes, 5u);
  EXPECT_EQ(FileTree::everything().status(folder / "link")->kind, Kind::file);
}

}  // namespace
}  // namespace duplex::server

#include "server/static_files/listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "net/descriptor.hpp"
#include "tests/server/static_files/temporary_folder.hpp"

namespace duplex::server {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Listing, ShowsFoldersFirstThenFilesByName) {
  const TemporaryFolder folder;
  folder.write("b.txt", std::string(9728, 'x'));
  folder.write("a.txt", "12345");
  folder.write("z/x", "");
  folder.touch("a.txt", 784111777);
  const std::string page = *make_listing(FileTree(folder.path()), ".", "/");
  EXPECT_LT(page.find("\"z/\""), page.find("\"a.txt\""));
  EXPECT_LT(page.find("\"a.txt\""), page.find("\"b.txt\""));
  EXPECT_THAT(page, HasSubstr("<a href=\"a.txt\">a.txt</a></td><td>5 B</td>"
                              "<td>Sun, 06 Nov 1994 08:49:37 GMT</td>"));
  EXPECT_THAT(page, HasSubstr("9.5 KiB"));
  EXPECT_THAT(page, Not(HasSubstr("../")));
}

TEST(Listing, LinksToTheParentOfASubfolder) {
  const TemporaryFolder folder;
  folder.write("z/x", "");
  EXPECT_THAT(*make_listing(FileTree(folder.path()), "z", "/z/"), HasSubstr("href=\"../\""));
}

TEST(Listing, NamesCanNotBecomeMarkupOrOtherSites) {
  const TemporaryFolder folder;
  folder.write("<script>&\"'", "");
  folder.write("javascript:alert(1)", "");
  folder.write("a b%41#?", "");
  const std::string page = *make_listing(FileTree(folder.path()), ".", "/<b>/");
  EXPECT_THAT(page, Not(HasSubstr("<script>")));
  EXPECT_THAT(page, HasSubstr("href=\"%3Cscript%3E%26%22%27\">&lt;script&gt;&amp;&quot;&#39;</a>"));
  EXPECT_THAT(page, HasSubstr("href=\"javascript%3Aalert%281%29\""));
  EXPECT_THAT(page, HasSubstr("href=\"a%20b%2541%23%3F\""));
  EXPECT_THAT(page, HasSubstr("<h1>/&lt;b&gt;/</h1>"));
}

TEST(Listing, HidesWhatIsNotServed) {
  const TemporaryFolder outside;
  outside.write("secret", "");
  const TemporaryFolder folder;
  folder.write(".hidden", "");
  folder.write("shown", "");
  folder.link(outside / "secret", "way-out");
  folder.link("shown", "inside");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const std::string page = *make_listing(FileTree(folder.path()), ".", "/");
  EXPECT_THAT(page, HasSubstr("shown"));
  EXPECT_THAT(page, HasSubstr("inside"));
  for (const char* name : {".hidden", "way-out", "pipe"}) {
    EXPECT_THAT(page, Not(HasSubstr(name)));
  }
}

// Who waits for a reader would take us for it.
TEST(Listing, OpensNoPipe) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  folder.link("pipe", "link");
  const net::Descriptor watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  ASSERT_GE(::inotify_add_watch(watch.number(), (folder / "pipe").c_str(), IN_OPEN), 0);
  EXPECT_TRUE(make_listing(FileTree(folder.path()), ".", "/"));
  std::array<char, 4096> events{};
  EXPECT_LT(::read(watch.number(), events.data(), events.size()), 0) << "it was opened";
}

TEST(Listing, OfWhatIsNoFolderIsNone) {
  const TemporaryFolder folder;
  folder.write("file", "");
  const FileTree tree(folder.path());
  EXPECT_EQ(make_listing(tree, "file", "/"), std::nullopt);
  EXPECT_EQ(make_listing(tree, "missing", "/"), std::nullopt);
}

TEST(Listing, SaysWhenThereIsMore) {
  const TemporaryFolder folder;
  for (const char* name : {"a", "b", "c"}) folder.write(name, "");
  const FileTree tree(folder.path());
  EXPECT_THAT(*make_listing(tree, ".", "/", 2), HasSubstr("There are more files"));
  EXPECT_THAT(*make_listing(tree, ".", "/", 3), Not(HasSubstr("There are more files")));
}

}  // namespace
}  // namespace duplex::server

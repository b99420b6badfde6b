#include "server/static_files/file_cache.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <string>

#include "tests/server/static_files/temporary_folder.hpp"

namespace duplex::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

/// A time at which every file of the test has long been what it is.
const system_clock::time_point later = system_clock::now() + std::chrono::hours(1);

class FileCacheTest : public testing::Test {
 protected:
  std::shared_ptr<const LoadedFile> load(FileCache& cache, const std::string& path,
                                         system_clock::time_point now = later) const {
    const auto status = tree.status(path);
    return status ? cache.load(tree, path, {*status, now}, now) : nullptr;
  }

  TemporaryFolder folder;
  FileTree tree{folder.path()};
};

TEST_F(FileCacheTest, HoldsSmallFiles) {
  FileCache cache;
  folder.write("a", "hello");
  folder.touch("a", 784111777);
  const auto first = load(cache, "a");
  ASSERT_TRUE(first);
  EXPECT_EQ(as_text(first->content.bytes()), "hello");
  EXPECT_EQ(first->last_modified, "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(first->descriptor, nullptr);
  EXPECT_EQ(load(cache, "a"), first);
  EXPECT_EQ(cache.size_bytes(), 5u);
  EXPECT_EQ(cache.file_count(), 1u);
}

TEST_F(FileCacheTest, NoticesEveryKindOfChange) {
  FileCache cache;
  const auto expect = [&](std::string_view content) {
    const auto file = load(cache, "a");
    ASSERT_TRUE(file);
    EXPECT_EQ(as_text(file->content.bytes()), content);
    EXPECT_EQ(cache.file_count(), 1u);
  };
  folder.write("a", "hello");
  folder.touch("a", 1000);
  expect("hello");

  folder.write("a", "other");  // in place, of the same size
  expect("other");
  folder.write("b", "third");  // another file of the same size and time
  folder.touch("b", 1000);
  folder.touch("a", 1000);
  expect("other");
  std::filesystem::rename(folder / "b", folder / "a");
  expect("third");
  folder.write("a", "");
  expect("");
  std::filesystem::remove(folder / "a");
  EXPECT_EQ(load(cache, "a"), nullptr);
}

TEST_F(FileCacheTest, ReadsWhatHasJustChangedAfreshForEachLook) {
  FileCache cache;
  folder.write("a", "hello");
  const auto first_look = system_clock::now();
  const auto second_look = first_look + milliseconds(2);
  const FileStatus status = tree.status("a").value();
  const auto load_at = [&](system_clock::time_point look, system_clock::time_point now) {
    return cache.load(tree, "a", {status, look}, now);
  };
  const auto first = load_at(first_look, first_look);
  ASSERT_TRUE(first);
  EXPECT_EQ(load_at(first_look, first_look + milliseconds(1)), first);

  const auto second = load_at(second_look, second_look);
  EXPECT_NE(second, first);
  EXPECT_EQ(second->entity_tag, first->entity_tag);
  EXPECT_EQ(load_at(first_look, second_look + milliseconds(1)), second) << "newer than that look";
  EXPECT_EQ(cache.file_count(), 1u);

  // As if the file system's clock had not ticked.
  folder.write("a", "other");
  EXPECT_EQ(as_text(load_at(second_look, second_look)->content.bytes()), "hello");
  EXPECT_EQ(as_text(load_at(second_look, first_look)->content.bytes()), "other")
      << "the clock was set back";
  folder.write("a", "third");
  const auto third_look = second_look + milliseconds(2);
  EXPECT_EQ(as_text(load_at(third_look, third_look)->content.bytes()), "third");
}

TEST_F(FileCacheTest, HoldsLargeFilesThatHaveJustChangedForALook) {
  FileCache cache({.file_bytes_max = 1});
  folder.write("a", "large");
  const auto now = system_clock::now();
  const auto first = load(cache, "a", now);
  EXPECT_EQ(load(cache, "a", now), first);
  EXPECT_NE(load(cache, "a", now + milliseconds(1)), first);
  EXPECT_EQ(cache.open_count(), 1u);
}

TEST_F(FileCacheTest, HoldsLargeFilesOpen) {
  FileCache cache;
  folder.write("small", std::string(24 * 1024, 'x'));
  folder.write("large", std::string(24 * 1024 + 1, 'x'));
  EXPECT_EQ(load(cache, "small")->content.size(), 24u * 1024);
  const auto large = load(cache, "large");
  ASSERT_TRUE(large->descriptor);
  EXPECT_TRUE(*large->descriptor);
  EXPECT_TRUE(large->content.empty());
  EXPECT_EQ(load(cache, "large"), large);
  EXPECT_EQ(cache.file_count(), 1u);
  EXPECT_EQ(cache.open_count(), 1u);

  folder.write("large", std::string(24 * 1024 + 2, 'y'));
  const auto changed = load(cache, "large");
  EXPECT_NE(changed, large);
  EXPECT_EQ(changed->status.size_bytes, 24u * 1024 + 2);
  folder.write("large", "now small");
  EXPECT_EQ(as_text(load(cache, "large")->content.bytes()), "now small");
  EXPECT_EQ(cache.file_count(), 2u);
  EXPECT_EQ(cache.open_count(), 0u);
}

TEST(FileCacheLimits, ShareDescriptorsAmongAllCaches) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{std::min<rlim_t>(1024, before.rlim_max), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  EXPECT_EQ(file_cache_limits(false, 1).open_files_max, few.rlim_cur / 8);
  EXPECT_EQ(file_cache_limits(true, 2).open_files_max, few.rlim_cur / 16);
  EXPECT_EQ(file_cache_limits(true, 1000).open_files_max, 16u);
  EXPECT_LT(file_cache_limits(false, 1).file_bytes_max, file_cache_limits(true, 1).file_bytes_max);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_LE(file_cache_limits(false, 1).open_files_max, 512u);
}

TEST_F(FileCacheTest, LimitsHowManyFilesAreHeldOpen) {
  FileCache cache({.file_bytes_max = 0, .open_files_max = 2});
  for (const char* name : {"a", "b", "c"}) folder.write(name, name);
  const auto a = load(cache, "a");
  const auto b = load(cache, "b");
  EXPECT_EQ(load(cache, "a"), a);
  load(cache, "c");
  EXPECT_EQ(cache.open_count(), 2u);
  EXPECT_EQ(load(cache, "a"), a);
  EXPECT_NE(load(cache, "b"), b);
  EXPECT_TRUE(*b->descriptor) << "what is being sent stays open";

  FileCache none({.file_bytes_max = 0, .open_files_max = 0});
  EXPECT_TRUE(load(none, "a"));
  EXPECT_EQ(none.open_count(), 0u);
}

TEST_F(FileCacheTest, ClosesLargeFilesThatNobodyAsksFor) {
  FileCache cache({.file_bytes_max = 1});
  folder.write("small", "1");
  folder.write("a", "large");
  folder.write("b", "large");
  load(cache, "small");
  const std::weak_ptr<const LoadedFile> a = load(cache, "a");
  const auto b = load(cache, "b");
  cache.close_unused();
  EXPECT_EQ(cache.open_count(), 2u) << "both were loaded a moment ago";
  EXPECT_EQ(load(cache, "b"), b);
  cache.close_unused();
  EXPECT_EQ(cache.open_count(), 1u);
  EXPECT_TRUE(a.expired());
  EXPECT_EQ(load(cache, "b"), b);
  cache.close_unused();
  cache.close_unused();
  EXPECT_EQ(cache.open_count(), 0u);
  EXPECT_EQ(cache.file_count(), 1u);
}

TEST_F(FileCacheTest, DropsTheLeastRecentlyUsed) {
  FileCache cache({.file_bytes_max = 10, .total_bytes_max = 25, .files_max = 100});
  for (const char* name : {"a", "b", "c"}) folder.write(name, std::string(10, *name));
  const auto a = load(cache, "a");
  const auto b = load(cache, "b");
  EXPECT_EQ(load(cache, "a"), a);
  load(cache, "c");
  EXPECT_EQ(cache.size_bytes(), 20u);
  EXPECT_EQ(load(cache, "a"), a);
  EXPECT_NE(load(cache, "b"), b);
  EXPECT_EQ(as_text(b->content.bytes()), "bbbbbbbbbb") << "what is being sent lives on";
}

TEST_F(FileCacheTest, LimitsTheNumberOfFilesToo) {
  FileCache cache({.files_max = 3});
  for (int i = 0; i < 10; ++i) {
    folder.write(std::to_string(i), "");
    load(cache, std::to_string(i));
    EXPECT_LE(cache.file_count(), 3u);
  }
  FileCache none({.files_max = 0});
  EXPECT_TRUE(load(none, "1"));
  EXPECT_EQ(none.file_count(), 0u);
}

TEST_F(FileCacheTest, KeepsTreesApart) {
  const TemporaryFolder other_folder;
  const FileTree other(other_folder.path());
  folder.write("a", "first");
  other_folder.write("a", "second");
  FileCache cache;
  EXPECT_EQ(as_text(load(cache, "a")->content.bytes()), "first");
  EXPECT_EQ(as_text(cache.load(other, "a", {*other.status("a"), later}, later)->content.bytes()),
            "second");
  EXPECT_EQ(as_text(load(cache, "a")->content.bytes()), "first");
  EXPECT_EQ(cache.file_count(), 2u);
}

TEST_F(FileCacheTest, LoadsNothingFromOutsideNorFolders) {
  const TemporaryFolder outside;
  outside.write("secret", "secret");
  folder.link(outside / "secret", "link");
  std::filesystem::create_directory(folder / "sub");
  FileCache cache;
  ASSERT_TRUE(tree.status("link"));
  EXPECT_EQ(load(cache, "link"), nullptr);
  EXPECT_EQ(load(cache, "sub"), nullptr);
}

}  // namespace
}  // namespace duplex::server

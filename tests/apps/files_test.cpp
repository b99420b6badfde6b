#include "files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/server/static_files/temporary_folder.hpp"

namespace duplex::app {
namespace {

using server::TemporaryFolder;
using testing::HasSubstr;

/// The permission bits of `path`, such as 0600.
unsigned mode_of(const std::string& path) {
  return static_cast<unsigned>(std::filesystem::status(path).permissions());
}

template <class Call>
std::string complaint(Call call) {
  try {
    call();
    return {};
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

std::size_t entries(const std::string& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder),
                                                std::filesystem::directory_iterator()));
}

void write(const std::vector<NewFile>& files, Existing existing) {
  write_files(files, existing);
}

TEST(Files, AreReadableByThoseWhoMay) {
  const TemporaryFolder folder;
  const mode_t before = ::umask(0);
  write(
      {{folder / "key", "secret", Readable::by_owner}, {folder / "open", "all", Readable::by_all}},
      Existing::keep);
  ::umask(before);
  EXPECT_EQ(mode_of(folder / "key"), 0600U);
  EXPECT_EQ(mode_of(folder / "open"), 0644U);
  EXPECT_EQ(read_file(folder / "key"), "secret");
  EXPECT_EQ(entries(folder.path().string()), 2U);
}

TEST(Files, AreNotReplacedUnlessThatIsWanted) {
  const TemporaryFolder folder;
  write({{folder / "b", "old", Readable::by_all}}, Existing::keep);
  const std::vector<NewFile> both = {{folder / "a", "new", Readable::by_owner},
                                     {folder / "b", "new", Readable::by_owner}};
  EXPECT_THAT(complaint([&] { write(both, Existing::keep); }), HasSubstr("File exists"));
  EXPECT_FALSE(file_exists(folder / "a"));
  EXPECT_EQ(read_file(folder / "b"), "old");

  write(both, Existing::replace);
  EXPECT_EQ(read_file(folder / "a") + read_file(folder / "b"), "newnew");
  EXPECT_EQ(mode_of(folder / "b"), 0600U);
  EXPECT_EQ(entries(folder.path().string()), 2U);
}

TEST(Files, AreAllWrittenOrNone) {
  const TemporaryFolder folder;
  const std::vector<NewFile> files = {{folder / "a", "x", Readable::by_all},
                                      {folder / "missing/b", "x", Readable::by_all}};
  for (const Existing existing : {Existing::keep, Existing::replace}) {
    EXPECT_THAT(complaint([&] { write(files, existing); }), HasSubstr("missing/b: No such file"));
    EXPECT_EQ(entries(folder.path().string()), 0U);
  }
}

TEST(Files, SayWhyTheyCanNotBeRead) {
  const TemporaryFolder folder;
  EXPECT_THAT(complaint([&] { read_file(folder / "none"); }), HasSubstr("none: No such file"));
  EXPECT_THAT(complaint([&] { read_file(folder.path().string()); }), HasSubstr("Is a directory"));
  EXPECT_THAT(complaint([&] { read_file("/dev/zero"); }), HasSubstr("File too large"));
}

TEST(Files, CountABrokenLinkAsAFile) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink(folder / "nothing", folder / "link");
  EXPECT_TRUE(file_exists(folder / "link"));
}

TEST(PrivateFolder, IsForItsOwnerAlone) {
  const TemporaryFolder folder;
  for (const std::string& path : {folder / "a/b", folder / "c/d///"}) {
    make_private_folder(path);
    EXPECT_EQ(mode_of(path), 0700U);
  }
  ::chmod((folder / "a/b").c_str(), 0755);
  make_private_folder(folder / "a/b");
  EXPECT_EQ(mode_of(folder / "a/b"), 0755U) << "a folder that exists is its owner's business";
  EXPECT_THAT(complaint([] { make_private_folder("/proc/none"); }), HasSubstr("/proc/none"));
}

TEST(FolderLock, LetsOneInAtATime) {
  const TemporaryFolder folder;
  std::optional<FolderLock> first(folder.path().string());
  std::future<void> second =
      std::async(std::launch::async, [&folder] { const FolderLock lock(folder.path().string()); });
  EXPECT_EQ(second.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  first.reset();
  second.get();
  EXPECT_THAT(complaint([&] { const FolderLock lock(folder / "none"); }), HasSubstr("none"));
}

}  // namespace
}  // namespace duplex::app

#include "client/partial_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

#include "tests/server/static_files/temporary_folder.hpp"

namespace duplex::client {
namespace {

using Origin = PartialFile::Origin;

const std::string url = "http://example.com/file";
const Origin tagged{.url = url, .validator = "\"v1\""};

class PartialFileIn : public testing::Test {
 protected:
  std::string path() const { return folder_ / "file"; }
  bool exists(std::string_view name) const { return std::filesystem::exists(folder_ / name); }
  std::string content(std::string_view name) const {
    std::ifstream file(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// Leaves a part behind, as a download does that breaks off.
  void leave_part(std::string_view text, const Origin& origin = tagged) const {
    PartialFile file(path());
    ASSERT_FALSE(file.create(origin));
    ASSERT_FALSE(file.append(as_bytes(text)));
  }

  server::TemporaryFolder folder_;
};

TEST_F(PartialFileIn, FindsNothingWhereNothingIs) {
  PartialFile file(path());
  EXPECT_FALSE(file.reopen(url));
  EXPECT_EQ(file.size(), 0U);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(PartialFileIn, GrowsBesideItsPlaceAndAppearsThereWhenComplete) {
  folder_.write("file", "an older one");
  PartialFile file(path());
  ASSERT_FALSE(file.create(tagged));
  ASSERT_FALSE(file.append(as_bytes("first, ")));
  ASSERT_FALSE(file.append(as_bytes("second")));
  EXPECT_EQ(file.size(), 13U);
  EXPECT_EQ(content("file.part"), "first, second");
  EXPECT_EQ(content("file.part.info"), url + "\n\"v1\"\n");
  EXPECT_EQ(content("file"), "an older one");
  ASSERT_FALSE(file.complete());
  EXPECT_EQ(content("file"), "first, second");
  EXPECT_FALSE(exists("file.part"));
  EXPECT_FALSE(exists("file.part.info"));
}

TEST_F(PartialFileIn, GoesOnWhereItBrokeOff) {
  leave_part("first, ");
  PartialFile file(path());
  const auto origin = file.reopen(url);
  ASSERT_TRUE(origin);
  EXPECT_EQ(*origin, tagged);
  EXPECT_EQ(file.size(), 7U);
  ASSERT_FALSE(file.append(as_bytes("second")));
  EXPECT_EQ(file.size(), 13U);
  ASSERT_FALSE(file.complete());
  EXPECT_EQ(content("file"), "first, second");
}

TEST_F(PartialFileIn, DropsWhatHasComeInVain) {
  leave_part("first, ");
  PartialFile file(path());
  ASSERT_TRUE(file.reopen(url));
  ASSERT_FALSE(file.append(as_bytes("nonsense")));
  ASSERT_FALSE(file.cut(7));
  EXPECT_EQ(file.size(), 7U);
  ASSERT_FALSE(file.append(as_bytes("second")));
  ASSERT_FALSE(file.complete());
  EXPECT_EQ(content("file"), "first, second");
}

TEST_F(PartialFileIn, IsNoPartOfWhatAnotherUrlNames) {
  leave_part("first, ");
  PartialFile file(path());
  EXPECT_FALSE(file.reopen("http://example.com/another"));
  EXPECT_FALSE(file.reopen(url + "\n"));
  EXPECT_FALSE(file.reopen(""));
  EXPECT_EQ(file.size(), 0U);
  // Nor was it touched.
  EXPECT_TRUE(file.reopen(url));
}

TEST_F(PartialFileIn, LeavesNoWordOfWhatCanNotBeResumed) {
  leave_part("of something tagged");
  leave_part("of something else", {.url = url, .validator = {}});
  EXPECT_EQ(content("file.part"), "of something else");
  EXPECT_FALSE(exists("file.part.info"));
  EXPECT_FALSE(PartialFile(path()).reopen(url));
}

TEST_F(PartialFileIn, BeginsAnewOverWhatWasThere) {
  leave_part("of the first version, which was longer");
  const Origin newer{.url = url, .validator = "\"v2\""};
  leave_part("second", newer);
  PartialFile file(path());
  EXPECT_EQ(file.reopen(url), newer);
  EXPECT_EQ(file.size(), 6U);
}

TEST_F(PartialFileIn, TakesNothingFromNotesThatAreNotItsOwn) {
  for (const std::string& notes :
       {std::string(), std::string("\n"), std::string("\n\n"), url, url + "\n", url + "\n\n",
        url + "\n\"v1\"", "\n" + url + "\n\"v1\"\n", std::string(300'000, 'x'),
        std::string("\0\xFF\n\x80\n", 5)}) {
    folder_.write("file.part", "first, ");
    folder_.write("file.part.info", notes);
    EXPECT_FALSE(PartialFile(path()).reopen(url)) << notes.substr(0, 100);
  }
}

TEST_F(PartialFileIn, TakesNoNotesWithoutAPart) {
  folder_.write("file.part.info", url + "\n\"v1\"\n");
  EXPECT_FALSE(PartialFile(path()).reopen(url));
  std::filesystem::create_directory(folder_ / "file.part");
  EXPECT_FALSE(PartialFile(path()).reopen(url));
}

TEST_F(PartialFileIn, IsWrittenByOneAtATime) {
  PartialFile first(path());
  ASSERT_FALSE(first.create(tagged));
  ASSERT_FALSE(first.append(as_bytes("first, ")));
  {
    PartialFile second(path());
    EXPECT_FALSE(second.reopen(url));
    EXPECT_EQ(second.create(tagged), std::errc::resource_unavailable_try_again);
  }
  ASSERT_FALSE(first.append(as_bytes("second")));
  ASSERT_FALSE(first.complete());
  EXPECT_EQ(content("file"), "first, second");
}

TEST_F(PartialFileIn, TellsWhatTheSystemRefuses) {
  PartialFile nowhere(folder_ / "no/such/folder/file");
  EXPECT_EQ(nowhere.create(tagged), std::errc::no_such_file_or_directory);
  std::filesystem::create_directories(folder_ / "file/full");
  PartialFile file(path());
  ASSERT_FALSE(file.create(tagged));
  EXPECT_TRUE(file.complete()) << "a folder is in its place";
}

}  // namespace
}  // namespace duplex::client

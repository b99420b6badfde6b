#include "report_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "files.hpp"
#include "tests/server/static_files/temporary_folder.hpp"

namespace duplex::app {
namespace {

using server::TemporaryFolder;
using testing::HasSubstr;

std::string complaint(const std::string& path) {
  try {
    check_report_place(path);
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

TEST(ReportFile, ReplacesAFile) {
  const TemporaryFolder folder;
  for (const char* text : {"long before", "short"}) {
    EXPECT_EQ(complaint(folder / "report"), "");
    write_report(folder / "report", text);
    EXPECT_EQ(read_file(folder / "report"), text);
  }
}

TEST(ReportFile, IsWrittenToAPipeWhichStays) {
  const TemporaryFolder folder;
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const int reader = ::open(pipe.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  EXPECT_EQ(complaint(pipe), "");
  write_report(pipe, "text");
  std::array<char, 10> buffer{};
  EXPECT_EQ(::read(reader, buffer.data(), buffer.size()), 4);
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
  ::close(reader);
}

TEST(ReportFile, LooksForAPlaceAndLeavesNothingThere) {
  const TemporaryFolder folder;
  EXPECT_EQ(complaint(""), "");
  EXPECT_EQ(complaint("-"), "");
  EXPECT_EQ(complaint(folder / "report"), "");
  EXPECT_THAT(complaint(folder / "no/such/folder"),
              HasSubstr("can't write " + (folder / "no/such/folder")));
  EXPECT_THAT(complaint(folder / "."), HasSubstr("Is a directory"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ReportFile, SaysThatADeviceIsFull) {
  EXPECT_THROW(write_report("/dev/full", "text"), std::runtime_error);
}

}  // namespace
}  // namespace duplex::app

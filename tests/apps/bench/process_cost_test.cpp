#include "bench/process_cost.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>

namespace duplex::app::bench {
namespace {

using testing::HasSubstr;

/// A proc file system of the test's own.
class ProcessInFolder : public testing::Test {
 protected:
  ProcessInFolder() {
    std::string name = testing::TempDir() + "duplex-proc-XXXXXX";
    root_ = ::mkdtemp(name.data());
  }
  ~ProcessInFolder() override { std::filesystem::remove_all(root_); }
  ProcessInFolder(const ProcessInFolder&) = delete;
  ProcessInFolder& operator=(const ProcessInFolder&) = delete;

  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }

  /// With 100 ticks a second, as everywhere.
  static std::string stat(int user, int system, int children_user = 0, int children_system = 0,
                          char state = 'S') {
    return "1 (a ) (b) " + std::string(1, state) + " 1 1 1 0 -1 4194560 100 0 0 0 " +
           std::to_string(user) + " " + std::to_string(system) + " " +
           std::to_string(children_user) + " " + std::to_string(children_system) + " 20 0\n";
  }

  std::filesystem::path root_;
};

TEST_F(ProcessInFolder, AddsUpItsDescendantsAndTheChildrenThatHaveEnded) {
  write("10/stat", stat(100, 50, 7, 3));
  write("10/task/10/stat", stat(60, 30));
  write("10/task/10/children", "20 ");
  write("10/task/11/stat", stat(40, 20));
  write("10/task/11/children", "30 99");  // 99 has just ended
  write("20/stat", stat(1000, 500));
  write("20/task/20/stat", stat(1000, 500));
  write("20/task/20/children", "40\n");
  write("30/stat", stat(1, 1));
  write("40/stat", stat(2, 4));
  write("50/stat", stat(9999, 9999));  // of no concern
  const auto use = Process(10, root_).use();
  ASSERT_TRUE(use) << use.error();
  EXPECT_DOUBLE_EQ(use->user_seconds, 11.10);
  EXPECT_DOUBLE_EQ(use->system_seconds, 5.58);
  ASSERT_EQ(use->thread_seconds.size(), 3U);
  EXPECT_DOUBLE_EQ(use->thread_seconds.at(10), 0.9);
  EXPECT_DOUBLE_EQ(use->thread_seconds.at(11), 0.6);
  EXPECT_DOUBLE_EQ(use->thread_seconds.at(20), 15);
}

TEST_F(ProcessInFolder, LeavesOutTheLoadItself) {
  const std::string own = std::to_string(::getpid());
  write("10/stat", stat(100, 50));
  write("10/task/10/stat", stat(100, 50));
  write("10/task/10/children", own);
  write(own + "/stat", stat(1000, 1000));
  write(own + "/task/" + own + "/stat", stat(1000, 1000));
  const auto use = Process(10, root_).use();
  ASSERT_TRUE(use) << use.error();
  EXPECT_DOUBLE_EQ(use->user_seconds, 1);
  EXPECT_EQ(use->thread_seconds.size(), 1U);
}

TEST_F(ProcessInFolder, AddsUpMemoryFromTheBestSourceThereIs) {
  write("10/smaps_rollup",
        "55f6-7ffc ---p 00000000 00:00 0    [rollup]\nRss: 900 kB\nAnonymous:     112 kB\n");
  write("10/status", "RssAnon:\t 9999 kB\n");
  write("10/task/10/children", "20 30");
  write("20/status", "Name:\tx\nVmRSS:\t 8000 kB\nRssAnon:\t     200 kB\nRssFile:\t 1 kB\n");
  write("30/status", "Name:\tx\nState:\tZ (zombie)\n");
  const auto bytes = Process(10, root_).memory_bytes();
  ASSERT_TRUE(bytes) << bytes.error();
  EXPECT_EQ(*bytes, 312U * 1024);
}

TEST_F(ProcessInFolder, SaysWhatKeepsItFromBeingLookedAt) {
  EXPECT_EQ(Process(10, root_).use().error(), "there is no process 10");
  EXPECT_EQ(Process(10, root_).memory_bytes().error(), "there is no process 10");
  write("10/stat", stat(1, 1, 0, 0, 'Z'));
  write("10/status", "State:\tZ (zombie)\n");
  EXPECT_EQ(Process(10, root_).use().error(), "process 10 has ended");
  EXPECT_EQ(Process(10, root_).memory_bytes().error(), "there is no process 10");
  write("10/stat", "nonsense");
  EXPECT_EQ(Process(10, root_).use().error(), "process 10 has ended");
  // A name that loops stands for an error that nobody has foreseen.
  std::filesystem::remove(root_ / "10/stat");
  std::filesystem::create_symlink("stat", root_ / "10/stat");
  EXPECT_THAT(Process(10, root_).use().error(), HasSubstr("process 10 can't be looked at: "));
}

TEST_F(ProcessInFolder, SaysWhoMayLookAtIt) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  write("10/stat", stat(1, 1));
  std::filesystem::permissions(root_ / "10/stat", std::filesystem::perms::none);
  EXPECT_THAT(Process(10, root_).use().error(), HasSubstr("by root"));
}

TEST(Process, SeesAChildWorkAndGrow) {
  const Process self(::getpid());
  const auto before = self.use();
  const auto memory_before = self.memory_bytes();
  ASSERT_TRUE(before) << before.error();
  ASSERT_TRUE(memory_before) << memory_before.error();
  constexpr std::size_t size = std::size_t{32} * 1024 * 1024;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto* const pages = static_cast<char*>(
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (std::size_t at = 0; at < size; at += 4096) pages[at] = 1;
    while (std::clock() < CLOCKS_PER_SEC / 5) continue;
    if (::write(ready[1], "x", 1) != 1) ::_exit(1);
    ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  const auto after = self.use();
  const auto memory_after = self.memory_bytes();
  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  ::close(ready[0]);
  ::close(ready[1]);
  ASSERT_TRUE(after) << after.error();
  ASSERT_TRUE(memory_after) << memory_after.error();
  const ProcessCost cost = cost_between(*before, *after, 0.2);
  EXPECT_GE(cost.user_seconds + cost.system_seconds, 0.15);
  EXPECT_GT(cost.busy, 0.7);
  EXPECT_GE(*memory_after, *memory_before + size);
  // Now that it has been waited for, it is its parent's.
  EXPECT_GE(self.use()->user_seconds + 0.02, after->user_seconds);
}

TEST(CostBetween, TakesTheBusiestThreadAndIsNeverLessThanNothing) {
  const ProcessUse before{
      .user_seconds = 5, .system_seconds = 2, .thread_seconds = {{1, 3}, {2, 1}, {3, 9}}};
  const ProcessUse after{
      .user_seconds = 11, .system_seconds = 1.5, .thread_seconds = {{1, 4}, {2, 9}, {4, 7.5}}};
  const ProcessCost cost = cost_between(before, after, 10);
  EXPECT_DOUBLE_EQ(cost.user_seconds, 6);
  EXPECT_DOUBLE_EQ(cost.system_seconds, 0);
  EXPECT_DOUBLE_EQ(cost.busy, 0.8);
  EXPECT_DOUBLE_EQ(cost_between(before, after, 5).busy, 1);
  EXPECT_DOUBLE_EQ(cost_between(before, after, 0).busy, 0);
}

}  // namespace
}  // namespace duplex::app::bench

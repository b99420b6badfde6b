// A server and its clients in one process, which do at random whatever they may, and end whenever
// they may, and what has to hold all the same.
//
//   stress_tests [FIRST_SEED [COUNT]]
//
// Each seed is a script: what handlers, sessions and clients do follows from it, and only who is
// first does not. Its number is printed before it begins, so that one that fails can be begun
// again; `stress_tests SEED 100` begins it with the next 99 behind it.

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>

#include "expected.hpp"
#include "ledger.hpp"
#include "run.hpp"

namespace duplex::stress {

namespace {

using namespace std::chrono_literals;

/// For one seed, which takes less than a second, or a few under a sanitizer. What waits for ever is
/// ended by it, with a core to look at.
constexpr auto patience = 120s;

/// A folder for the files of a run.
class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "stress.XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder can be made");
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// Ends the program when a seed takes too long.
class Watch {
 public:
  void begin() { set(std::chrono::steady_clock::now() + patience); }

 private:
  void set(std::chrono::steady_clock::time_point deadline) {
    const std::lock_guard lock(mutex_);
    deadline_ = deadline;
  }
  void look(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      const auto deadline = deadline_;
      wake_.wait_until(lock, stop, deadline, [] { return false; });
      if (stop.stop_requested() || std::chrono::steady_clock::now() < deadline_) continue;
      std::fputs("stress: it does not end\n", stderr);
      std::abort();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::now() + patience;
  std::jthread thread_{[this](const std::stop_token& stop) { look(stop); }};
};

int run_all(std::uint64_t first, std::uint64_t count) {
  Ledger ledger;
  const Folder folder;
  std::ofstream(folder.path() + "/served") << file_content();
  const Encryption encryption;
  Watch watch;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    watch.begin();
    run(ledger, seed, encryption, folder.path());
  }
  std::printf("%llu seeds: %s\n", static_cast<unsigned long long>(count), ledger.summary().c_str());
  // A few seeds bring everything about.
  if (count >= 20) ledger.expect_all_events();
  return ledger.complaints() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

}  // namespace duplex::stress

/// What the thread sanitizer is to take for no race: OpenSSL looks by an atomic whether another
/// thread has read the fields of an authority's certificate, and the sanitizer can't see that,
/// since it is not compiled in there.
// NOLINTNEXTLINE(bugprone-reserved-identifier, readability-identifier-naming)
extern "C" const char* __tsan_default_suppressions() {
  return "race:ASN1_STRING_cmp\n";
}

int main(int argc, char** argv) {
  try {
    const std::uint64_t first = argc > 1 ? std::stoull(argv[1]) : 1;
    const std::uint64_t count = argc > 2 ? std::stoull(argv[2]) : 1;
    return duplex::stress::run_all(first, count);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "stress: %s\n", error.what());
    return EXIT_FAILURE;
  }
}

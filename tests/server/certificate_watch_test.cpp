#include "server/certificate_watch.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stop_token>
#include <string_view>
#include <thread>

#include "tests/server/certificate_files.hpp"

namespace duplex::server {
namespace {

using namespace std::chrono_literals;

TEST(CertificateWatch, LooksAgainAndAgain) {
  const CertificateFiles files;
  TestLog log;
  std::stop_source stop;
  Certificates certificates([&](LogLevel level, std::string_view sentence) {
    log.write(level, sentence);
    if (sentence.find("new.test") != std::string_view::npos) stop.request_stop();
  });
  certificates.add("here", ListenerCertificates::open(files.options()));
  files.renew({"new.test"});
  watch_certificates(certificates, stop.get_token(), 1ms);
  EXPECT_TRUE(log.has(LogLevel::info, "new.test"));
}

TEST(CertificateWatch, EndsWithoutWaitingForItsTime) {
  Certificates certificates([](LogLevel, std::string_view) {});
  std::stop_source stop;
  std::thread watch([&] { watch_certificates(certificates, stop.get_token(), 1h); });
  stop.request_stop();
  watch.join();
  watch_certificates(certificates, stop.get_token(), 1h);
}

}  // namespace
}  // namespace duplex::server

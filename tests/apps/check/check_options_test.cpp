#include "check/check_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "check/case_progress.hpp"
#include "subcommand.hpp"

namespace duplex::app::check {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

TEST(CheckOptions, NameAServer) {
  CheckArguments arguments;
  arguments.url = "localhost:8080/echo";
  arguments.fields = {"Authorization: Bearer x"};
  const CheckOptions options = resolve(arguments);
  EXPECT_EQ(options.url->text(), "ws://localhost:8080/echo");
  EXPECT_EQ(options.checked(), End::server);
  EXPECT_EQ(options.jobs, 16);
  EXPECT_EQ(options.time_limit, 10s);
  EXPECT_EQ(options.idle_limit, 30s);
  EXPECT_EQ(options.wait, 0s);
  ASSERT_EQ(options.fields.size(), 1);
  EXPECT_EQ(options.fields[0].value, "Bearer x");
  EXPECT_FALSE(options.reports_to_output());
  arguments.url = "https://localhost/";
  EXPECT_EQ(resolve(arguments).url->text(), "wss://localhost/");
}

TEST(CheckOptions, NameAPlaceToListenAt) {
  CheckArguments arguments;
  arguments.listen = "9001";
  arguments.certificate = "cert.pem";
  const CheckOptions options = resolve(arguments);
  EXPECT_EQ(options.checked(), End::client);
  EXPECT_EQ(options.listen->address, "127.0.0.1");
  EXPECT_EQ(options.listen->port, 9001);
  EXPECT_EQ(options.server_tls->certificate, "cert.pem");
  arguments.listen = "[::1]:0";
  EXPECT_EQ(resolve(arguments).listen->address, "::1");
}

TEST(CheckOptions, ChooseCases) {
  CheckArguments arguments;
  arguments.url = "ws://localhost/";
  const std::size_t all = resolve(arguments).cases.size();
  arguments.only = {"ping"};
  const std::size_t pings = resolve(arguments).cases.size();
  EXPECT_LT(pings, all);
  arguments.only = {};
  arguments.without = {"ping"};
  EXPECT_EQ(resolve(arguments).cases.size(), all - pings);
  CheckArguments listing;
  listing.list = true;
  EXPECT_GT(resolve(listing).cases.size(), all) << "those for clients, too";
}

TEST(CheckOptions, SayWhatToWriteInstead) {
  const struct {
    void (*change)(CheckArguments&);
    std::string_view words;
  } cases[] = {
      {[](CheckArguments& a) { a.url = ""; }, "--listen PORT for clients"},
      {[](CheckArguments& a) { a.listen = "0"; }, "don't go together"},
      {[](CheckArguments& a) { a.url = "ftp://x/"; }, "no URL to check"},
      {[](CheckArguments& a) { a.only = {"ping", "no"}; }, "--only no matches no case; see --list"},
      {[](CheckArguments& a) { a.without = {"no/"}; }, "--without no/ matches no case"},
      {[](CheckArguments& a) { a.without = {"*"}; }, "leave no case"},
      {[](CheckArguments& a) { a.jobs = "0"; }, "--jobs"},
      {[](CheckArguments& a) { a.timeout = "0"; }, "--timeout"},
      {[](CheckArguments& a) { a.idle = "soon"; }, "--idle-seconds"},
      {[](CheckArguments& a) { a.wait = "long"; }, "--wait"},
      {[](CheckArguments& a) { a.fields = {"no colon"}; }, "Name: value"},
      {[](CheckArguments& a) { a.fields = {"na me: x"}; }, "--header"},
      {[](CheckArguments& a) { a.key = "key.pem"; }, "--cert"},
      {[](CheckArguments& a) { a.json = a.html = "-"; }, "standard output"},
      {[](CheckArguments& a) { a.json = a.html = "report"; }, "report can hold only one"},
      {[](CheckArguments& a) { a.color = "green"; }, "green"},
      {[](CheckArguments& a) { a.url = "", a.listen = "x"; }, "--listen"},
      {[](CheckArguments& a) { a.url = "", a.listen = "unix:/x"; }, "Unix"},
      {[](CheckArguments& a) { a.url = "", a.listen = "0", a.insecure = true; }, "--insecure"},
      {[](CheckArguments& a) { a.url = "", a.listen = "0", a.wait = "1"; }, "--wait"},
  };
  for (const auto& [change, words] : cases) {
    CheckArguments arguments;
    arguments.url = "ws://localhost/";
    change(arguments);
    try {
      resolve(arguments);
      ADD_FAILURE() << words;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr(words));
    }
  }
}

TEST(CheckProgress, TellsHowFarItIs) {
  const CaseProgress::Time begin;
  CaseProgress progress(4);
  EXPECT_EQ(progress.clear(), "");
  EXPECT_EQ(progress.add(Verdict::right, begin), "\r\x1b[K 25 %  1 of 4 cases");
  EXPECT_EQ(progress.add(Verdict::wrong, begin + 50ms), std::nullopt) << "too soon to be read";
  EXPECT_EQ(progress.add(Verdict::acceptable, begin + 100ms),
            "\r\x1b[K 75 %  3 of 4 cases, 1 wrong, 1 acceptable");
  EXPECT_EQ(progress.clear(), "\r\x1b[K");
  EXPECT_EQ(progress.clear(), "");
}

}  // namespace
}  // namespace duplex::app::check

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/client/running_server.hpp"
#include "tests/client/scripted_server.hpp"
#include "tests/server/static_files/temporary_folder.hpp"
#include <duplex/client/client.hpp>

namespace duplex::client {
namespace {

/// The value of a field in a request's head; nothing when it has none.
std::string field_of(std::string_view head, std::string_view name) {
  const std::string line_begin = "\r\n" + std::string(name) + ": ";
  const std::size_t found = head.find(line_begin);
  if (found == std::string_view::npos) return {};
  const std::size_t begin = found + line_begin.size();
  return std::string(head.substr(begin, head.find("\r\n", begin) - begin));
}

/// A server whose connections serve one request each: as the n-th of `responses` says, which is
/// sent as it is.
class Sequence {
 public:
  explicit Sequence(std::vector<std::string> responses)
      : responses_(std::move(responses)), server_([this](ScriptedPeer& peer, int connection) {
          const std::string head = peer.read_head();
          ranges.push_back(field_of(head, "Range"));
          conditions.push_back(field_of(head, "If-Range"));
          peer.send(responses_.at(static_cast<std::size_t>(connection)));
        }) {}

  std::string url() const { return server_.url("/file"); }

  // What was asked for, with each request.
  std::vector<std::string> ranges;
  std::vector<std::string> conditions;

 private:
  std::vector<std::string> responses_;
  ScriptedServer server_;
};

using Strings = std::vector<std::string>;

/// A response of which `text` comes before the connection ends.
std::string whole(std::string_view fields, std::string_view text, std::size_t length) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(length) + "\r\n" +
         std::string(fields) + "Connection: close\r\n\r\n" + std::string(text);
}
std::string part(std::string_view range, std::string_view fields, std::string_view text) {
  return "HTTP/1.1 206 Partial Content\r\nContent-Length: " + std::to_string(text.size()) +
         "\r\nContent-Range: bytes " + std::string(range) + "\r\n" + std::string(fields) +
         "Connection: close\r\n\r\n" + std::string(text);
}
std::string unsatisfiable(std::string_view range, std::string_view fields = {}) {
  return "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nContent-Range: bytes " +
         std::string(range) + "\r\n" + std::string(fields) + "Connection: close\r\n\r\n";
}

constexpr std::string_view tag = "ETag: \"v1\"\r\n";

class DownloadTo : public testing::Test {
 protected:
  std::string path() const { return folder_ / "file"; }
  bool exists(std::string_view name) const { return std::filesystem::exists(folder_ / name); }
  std::string content(std::string_view name) const {
    std::ifstream file(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  Result<Download> download(const Sequence& there, std::uint32_t retries_max) const {
    return client_.download(there.url(), path()).retries_max(retries_max).wait();
  }

  server::TemporaryFolder folder_;
  Client client_{plain_options()};
};

TEST_F(DownloadTo, TakesUpWhatBrokeOff) {
  const Sequence there({whole(tag, "0123", 10), part("4-9/10", tag, "456789")});
  const auto result = download(there, 1);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(content("file"), "0123456789");
  EXPECT_EQ(result->bytes, 10U);
  EXPECT_EQ(there.ranges, (Strings{"", "bytes=4-"}));
  EXPECT_EQ(there.conditions, (Strings{"", "\"v1\""}));
}

TEST_F(DownloadTo, AsksForWhatAPartLeavesOut) {
  const Sequence there(
      {whole(tag, "0123", 10), part("4-6/10", tag, "456"), part("7-9/10", tag, "789")});
  const auto result = download(there, 2);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(content("file"), "0123456789");
  EXPECT_EQ(there.ranges, (Strings{"", "bytes=4-", "bytes=7-"}));
}

TEST_F(DownloadTo, MakesNoFileOfAPartThatIsShorterThanTheRest) {
  const Sequence there({whole(tag, "0123", 10), part("4-6/10", tag, "456")});
  const auto result = download(there, 1);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().step, Step::protocol);
  EXPECT_EQ(result.error().code, http1::Error::incomplete_content);
  EXPECT_FALSE(exists("file"));
  EXPECT_EQ(content("file.part"), "0123456");
}

TEST_F(DownloadTo, MakesNoFileOfAPartOfNobodyKnowsHowMuch) {
  const Sequence there({whole(tag, "0123", 10), part("4-6/*", tag, "456")});
  const auto result = download(there, 1);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, http1::Error::incomplete_content);
  EXPECT_FALSE(exists("file"));
}

TEST_F(DownloadTo, EndsWhenTheServerSaysThatNothingIsMissing) {
  const Sequence there({whole(tag, "0123", 10), part("4-6/*", tag, "456"), unsatisfiable("*/7")});
  const auto result = download(there, 2);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(content("file"), "0123456");
  EXPECT_EQ(there.ranges.back(), "bytes=7-");
}

TEST_F(DownloadTo, BeginsAnewWhenThereIsMoreThanTheServerHas) {
  const Sequence there({whole(tag, "0123", 10), unsatisfiable("*/2"), whole(tag, "ab", 2)});
  const auto result = download(there, 1);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(content("file"), "ab");
  EXPECT_EQ(there.ranges, (Strings{"", "bytes=4-", ""}));
}

TEST_F(DownloadTo, BeginsAnewWhenTheServerHasAnother) {
  const Sequence there({whole(tag, "0123", 10), whole("ETag: \"v2\"\r\n", "abc", 3)});
  const auto result = download(there, 1);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(content("file"), "abc");
}

TEST_F(DownloadTo, BeginsAnewWhenNothingIsMissingOfAnother) {
  const std::string of_v2 = "ETag: \"v2\"\r\n";
  const Sequence there({whole(tag, "0123", 10), part("4-6/*", tag, "456"),
                        unsatisfiable("*/7", of_v2), whole(of_v2, "abcdefg", 7)});
  const auto result = download(there, 2);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(content("file"), "abcdefg");
  EXPECT_EQ(there.ranges.back(), "");
}

TEST_F(DownloadTo, BeginsAnewWhenNothingIsMissingOfALaterOne) {
  const std::string march =
      "Last-Modified: Mon, 02 Mar 2020 10:00:00 GMT\r\nDate: Mon, 02 Mar 2020 10:00:01 GMT\r\n";
  const std::string april =
      "Last-Modified: Thu, 02 Apr 2020 10:00:00 GMT\r\nDate: Thu, 02 Apr 2020 10:00:01 GMT\r\n";
  const Sequence there({whole(march, "0123", 10), part("4-6/*", march, "456"),
                        unsatisfiable("*/7", april), whole(april, "abcdefg", 7)});
  const auto result = download(there, 2);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(content("file"), "abcdefg");
}

TEST_F(DownloadTo, BeginsAnewWhenAPartDoesNotFit) {
  const std::string chunked =
      "HTTP/1.1 206 Partial Content\r\nTransfer-Encoding: chunked\r\n"
      "Content-Range: bytes 4-9/10\r\nETag: \"v1\"\r\nConnection: close\r\n\r\n";
  const std::string until_close =
      "HTTP/1.1 206 Partial Content\r\nConnection: close\r\n"
      "Content-Range: bytes 4-9/10\r\nETag: \"v1\"\r\n\r\n";
  for (const std::string& wrong : {
           part("3-9/10", tag, "3456789"),
           part("5-9/10", tag, "56789"),
           part("*/10", tag, "456789"),
           part("nonsense", tag, "456789"),
           part("0-9/10", tag, "0123456789"),
           // Of another, or of nobody knows what.
           part("4-9/10", "ETag: \"v2\"\r\n", "xxxxxx"),
           part("4-9/10", "ETag: W/\"v1\"\r\n", "xxxxxx"),
           part("4-9/10", "", "xxxxxx"),
           // Longer or shorter than it says.
           part("4-9/10", tag, "456789x"),
           part("4-9/10", tag, "45678"),
           part("4-9/*", tag, "45678"),
           part("4-9/11", tag, "456789x"),
           chunked + "3\r\nxxx\r\n4\r\nxxxx\r\n0\r\n\r\n",
           chunked + "3\r\nxxx\r\n0\r\n\r\n",
           until_close + "xxxxxxx",
       }) {
    const Sequence there({whole(tag, "0123", 10), wrong, whole(tag, "0123456789", 10)});
    const auto result =
        client_.download(there.url(), path()).from_the_start().retries_max(1).wait();
    ASSERT_TRUE(result) << wrong << result.error().message();
    EXPECT_EQ(content("file"), "0123456789") << wrong;
    EXPECT_EQ(there.ranges, (Strings{"", "bytes=4-", ""})) << wrong;
    EXPECT_EQ(result->resumed_bytes, 0U) << wrong;
    std::filesystem::remove(path());
  }
}

TEST_F(DownloadTo, KeepsNothingOfAPartThatIsLongerThanItSays) {
  const std::string longer =
      "HTTP/1.1 206 Partial Content\r\nTransfer-Encoding: chunked\r\n"
      "Content-Range: bytes 4-9/10\r\nConnection: close\r\nETag: \"v1\"\r\n\r\n"
      "3\r\nxxx\r\n4\r\nxxxx\r\n0\r\n\r\n";
  const Sequence there(
      {whole(tag, "0123", 10), longer, "HTTP/1.1 503 Service Unavailable\r\n\r\n"});
  const auto result = download(there, 1);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ClientError::unexpected_status);
  EXPECT_FALSE(exists("file"));
  EXPECT_EQ(content("file.part"), "0123");
}

TEST_F(DownloadTo, TakesUpAPartThatBrokeOff) {
  const std::string until_close =
      "HTTP/1.1 206 Partial Content\r\nConnection: close\r\n"
      "Content-Range: bytes 4-9/10\r\nETag: \"v1\"\r\n\r\n";
  const Sequence there({whole(tag, "0123", 10), until_close + "45", part("6-9/10", tag, "6789")});
  const auto result = download(there, 2);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(content("file"), "0123456789");
  EXPECT_EQ(there.ranges, (Strings{"", "bytes=4-", "bytes=6-"}));
}

TEST_F(DownloadTo, AsksForAllOnlyOnceMore) {
  const std::string wrong = part("5-9/10", tag, "56789");
  const Sequence there({whole(tag, "0123", 10), wrong, wrong});
  const auto result = download(there, 3);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ClientError::unexpected_part);
  EXPECT_FALSE(exists("file"));
}

TEST_F(DownloadTo, NeedsNoDateInAPart) {
  const std::string_view dates =
      "Last-Modified: Mon, 02 Mar 2020 10:00:00 GMT\r\nDate: Mon, 02 Mar 2020 10:00:01 GMT\r\n";
  const Sequence there({whole(dates, "0123", 10), part("4-9/10", "ETag: \"v1\"\r\n", "456789")});
  const auto result = download(there, 1);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(content("file"), "0123456789");
  EXPECT_EQ(there.ranges, (Strings{"", "bytes=4-"}));
}

TEST_F(DownloadTo, RefusesAPartThatNobodyAskedFor) {
  const Sequence there({part("0-9/10", tag, "0123456789")});
  const auto result = download(there, 1);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ClientError::unexpected_part);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(DownloadTo, TrustsADateOnlyWhenItIsOlderThanTheResponse) {
  struct Case {
    std::string_view fields;
    std::string_view condition;  // empty: nothing can be taken up
  };
  for (const auto& [fields, condition] : std::vector<Case>{
           {"Last-Modified: Mon, 02 Mar 2020 10:00:00 GMT\r\nDate: Mon, 02 Mar 2020 10:00:00 "
            "GMT\r\n",
            ""},
           {"Last-Modified: Mon, 02 Mar 2020 10:00:01 GMT\r\nDate: Mon, 02 Mar 2020 10:00:00 "
            "GMT\r\n",
            ""},
           {"Last-Modified: Mon, 02 Mar 2020 10:00:00 GMT\r\n", ""},
           {"Last-Modified: yesterday\r\nDate: Mon, 02 Mar 2020 10:00:00 GMT\r\n", ""},
           {"ETag: W/\"v1\"\r\n", ""},
           {"", ""},
           {"Last-Modified: Mon, 02 Mar 2020 10:00:00 GMT\r\nDate: Mon, 02 Mar 2020 10:00:01 "
            "GMT\r\n",
            "Mon, 02 Mar 2020 10:00:00 GMT"},
       }) {
    const Sequence there({whole(fields, "0123", 10), whole(fields, "0123456789", 10)});
    const auto broken = client_.download(there.url(), path()).retries_max(0).wait();
    ASSERT_FALSE(broken);
    EXPECT_EQ(exists("file.part.info"), !condition.empty()) << fields;
    const auto again = download(there, 0);
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(there.conditions.back(), condition) << fields;
    EXPECT_EQ(there.ranges.back(), condition.empty() ? "" : "bytes=4-") << fields;
    EXPECT_EQ(content("file"), "0123456789");
  }
}

TEST_F(DownloadTo, TriesNotAgainWhatCanNotBeTakenUp) {
  const Sequence there({whole("", "0123", 10)});
  const auto result = download(there, 3);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, http1::Error::incomplete_content);
  EXPECT_EQ(there.ranges.size(), 1U);
}

TEST_F(DownloadTo, WritesNoFileThatAnotherOneWrites) {
  std::promise<void> begun;
  std::promise<void> go_on;
  const ScriptedServer there([&](ScriptedPeer& peer, int connection) {
    peer.read_head();
    if (connection > 0) return peer.respond("abcdef", tag);
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n" + std::string(tag) + "\r\n012");
    go_on.get_future().wait();
    peer.send("345");
  });
  std::promise<Result<Download>> first;
  const auto tell = [&](std::uint64_t bytes, std::optional<std::uint64_t>) {
    if (bytes == 3) begun.set_value();
  };
  client_.download(there.url("/file"), path()).on_download(tell).then([&](Result<Download> result) {
    first.set_value(std::move(result));
  });
  begun.get_future().wait();
  const auto second = client_.download(there.url("/file"), path()).retries_max(0).wait();
  go_on.set_value();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().step, Step::file);
  EXPECT_EQ(second.error().reason, "another download is writing it");
  EXPECT_TRUE(first.get_future().get());
  EXPECT_EQ(content("file"), "012345");
}

}  // namespace
}  // namespace duplex::client

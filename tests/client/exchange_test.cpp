#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/client/running_server.hpp"
#include "tests/client/scripted_server.hpp"
#include <duplex/client/client.hpp>

// What is said on one connection, as a scripted server hears it.

namespace duplex::client {
namespace {

using http::Status;
using namespace std::chrono_literals;

/// Answers each request with "well".
void be_well(ScriptedPeer& peer) {
  while (!peer.read_head().empty()) peer.respond("well");
}

void expect_well(const Client& client, const ScriptedServer& there) {
  const auto response = client.get(there.url("/")).wait();
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->text(), "well");
}

// ---------------------------------------------------------------------------- the request

TEST(Exchange, SendsNothingOfContentThatIsLongerThanAnnounced) {
  std::promise<void> four_came;
  std::promise<std::string> came;
  const ScriptedServer there([&](ScriptedPeer& peer, int connection) {
    if (connection > 0) return be_well(peer);
    peer.read_head();
    const std::string content = peer.read(4);
    four_came.set_value();
    came.set_value(content + peer.read_to_end());
  });
  const Client client(plain_options());
  bool went_on = false;
  const auto write = [&](ContentWriter& writer) -> Task<> {
    co_await writer.write("four");
    // Another exchange, so that the loop turns and what was written leaves.
    static_cast<void>(co_await client.get(there.url("/")));
    four_came.get_future().wait();
    co_await writer.write("GET /smuggled HTTP/1.1\r\n\r\n");
    static_cast<void>(co_await client.get(there.url("/")));
    went_on = true;
  };
  const auto response =
      client.post(there.url("/"), Content::stream("text/x", write, 6)).deadline(20s).wait();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().step, Step::request);
  EXPECT_EQ(response.error().code, ClientError::content_failed);
  EXPECT_EQ(response.error().reason, "the content is longer than was announced");
  EXPECT_EQ(came.get_future().get(), "four");
  EXPECT_FALSE(went_on);
  expect_well(client, there);
}

TEST(Exchange, EndsTheConnectionWhenContentIsShorterThanAnnounced) {
  std::promise<void> four_came;
  std::promise<std::string> came;
  const ScriptedServer there([&](ScriptedPeer& peer, int connection) {
    if (connection > 0) return be_well(peer);
    peer.read_head();
    const std::string content = peer.read(4);
    four_came.set_value();
    came.set_value(content + peer.read_to_end());
  });
  const Client client(plain_options());
  const auto write = [&](ContentWriter& writer) -> Task<> {
    co_await writer.write("four");
    // Another exchange, so that the loop turns and what was written leaves.
    static_cast<void>(co_await client.get(there.url("/")));
    four_came.get_future().wait();
  };
  const auto response =
      client.post(there.url("/"), Content::stream("text/x", write, 6)).deadline(20s).wait();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().step, Step::request);
  EXPECT_EQ(response.error().code, ClientError::content_failed);
  EXPECT_EQ(response.error().reason, "the content is not as long as was announced");
  EXPECT_EQ(came.get_future().get(), "four");
  expect_well(client, there);
}

TEST(Exchange, EndsTheCallAloneWhenOnUploadThrows) {
  const ScriptedServer there([](ScriptedPeer& peer, int connection) {
    if (connection == 0) {
      peer.read_to_end();
    } else {
      be_well(peer);
    }
  });
  const Client client(plain_options());
  const auto fail = [](std::uint64_t, std::optional<std::uint64_t>) {
    throw std::runtime_error("no room for a bar");
  };
  const auto response =
      client.post(there.url("/"), std::string(100'000, 'x')).on_upload(fail).wait();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().step, Step::request);
  EXPECT_EQ(response.error().code, ClientError::content_failed);
  EXPECT_EQ(response.error().reason, "on_upload failed: no room for a bar");
  expect_well(client, there);
}

/// The answer comes with what makes the client send: both are of one reading.
TEST(Exchange, TellsOfAllThatWentBeforeItsAnswer) {
  const std::string content(20'000, 'x');
  const ScriptedServer there([&](ScriptedPeer& peer, int) {
    peer.read_head();
    peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell");
    peer.read(content.size());
  });
  const Client client(plain_options());
  std::vector<std::uint64_t> told;
  const auto response = client.post(there.url("/"), content)
                            .expect_continue()
                            .on_upload([&](std::uint64_t bytes, std::optional<std::uint64_t>) {
                              told.push_back(bytes);
                            })
                            .wait();
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(told, std::vector<std::uint64_t>{content.size()});
}

TEST(Exchange, EndsTheCallWhenOnUploadThrowsBeforeTheAnswer) {
  const std::string content(20'000, 'x');
  std::atomic<int> requests = 0;
  bool thrown = false;
  const ScriptedServer there([&](ScriptedPeer& peer, int) {
    if (peer.read_head().empty()) return;
    ++requests;
    peer.send(
        "HTTP/1.1 100 Continue\r\n\r\n"
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n");
    peer.read(content.size());
  });
  const Client client(plain_options());
  const auto response = client.post(there.url("/"), content)
                            .expect_continue()
                            .on_upload([&](std::uint64_t, std::optional<std::uint64_t>) {
                              if (!std::exchange(thrown, true)) {
                                throw std::runtime_error("no room for a bar");
                              }
                            })
                            .wait();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ClientError::content_failed);
  EXPECT_EQ(response.error().reason, "on_upload failed: no room for a bar");
  EXPECT_EQ(requests, 1);
}

/// What a server heard that has refused expectations: the heads, each with the content behind it.
struct Heard {
  std::vector<std::string> heads;
  std::vector<std::string> contents;
};

/// Answers the first request by `refusal`, and further ones, with content of four bytes, by "well".
ScriptedServer::Script refuse_expectation(Heard& heard, std::string refusal) {
  return [&heard, refusal = std::move(refusal)](ScriptedPeer& peer, int) {
    while (true) {
      const std::string head = peer.read_head();
      if (head.empty()) return;
      heard.heads.push_back(head);
      const bool expects = head.find("Expect: 100-continue\r\n") != std::string::npos;
      heard.contents.push_back(expects ? std::string() : peer.read(4));
      if (heard.heads.size() > 1) {
        peer.respond("well");
      } else {
        peer.send(refusal);
      }
    }
  };
}

constexpr std::string_view expectation_failed =
    "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno";

TEST(Exchange, RepeatsWithoutAnExpectationThatFails) {
  Heard heard;
  const ScriptedServer there(refuse_expectation(heard, std::string(expectation_failed)));
  const Client client(plain_options());
  const auto response =
      client.post(there.url("/"), "four").expect_continue().redirects_max(0).wait();
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->text(), "well");
  EXPECT_EQ(response->redirects(), 0U);
  EXPECT_EQ(heard.contents, (std::vector<std::string>{"", "four"}));
}

TEST(Exchange, RepeatsOnceOnlyWithoutAnExpectation) {
  int requests = 0;
  const ScriptedServer there([&](ScriptedPeer& peer, int) {
    while (!peer.read_head().empty()) {
      ++requests;
      peer.send(expectation_failed);
    }
  });
  const Client client(plain_options());
  const auto response = client.post(there.url("/"), "four").expect_continue().wait();
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->status(), Status::expectation_failed);
  EXPECT_EQ(requests, 2);
  // Who expects nothing is told at once, and who has nothing to send expects nothing.
  EXPECT_TRUE(client.post(there.url("/"), "four").wait());
  EXPECT_TRUE(client.post(there.url("/"), "").expect_continue().wait());
  EXPECT_EQ(requests, 4);
}

TEST(Exchange, SendsContentElsewhereThatNobodyHasBegunToWrite) {
  const auto write = [](ContentWriter& writer) -> Task<> { co_await writer.write("four"); };
  for (const std::string& refusal :
       {std::string(expectation_failed),
        std::string("HTTP/1.1 307 Temporary Redirect\r\nLocation: /there\r\n"
                    "Content-Length: 0\r\n\r\n")}) {
    Heard heard;
    const ScriptedServer there([&](ScriptedPeer& peer, int connection) {
      heard.heads.push_back(peer.read_head());
      if (connection == 0) return peer.send(refusal);
      peer.send("HTTP/1.1 100 Continue\r\n\r\n");
      heard.contents.push_back(peer.read(4));
      peer.respond("well", "Connection: close\r\n");
    });
    const Client client(plain_options());
    const auto response =
        client.post(there.url("/"), Content::stream("text/x", write, 4)).expect_continue().wait();
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->text(), "well");
    EXPECT_EQ(heard.contents, std::vector<std::string>{"four"});
  }
}

TEST(Exchange, RepeatsNoContentThatHasBegun) {
  int requests = 0;
  const ScriptedServer there([&](ScriptedPeer& peer, int) {
    peer.read_head();
    ++requests;
    peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    peer.read(4);
    peer.send(expectation_failed);
  });
  const Client client(plain_options());
  const auto write = [](ContentWriter& writer) -> Task<> { co_await writer.write("four"); };
  const auto response =
      client.post(there.url("/"), Content::stream("text/x", write, 4)).expect_continue().wait();
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->status(), Status::expectation_failed);
  EXPECT_EQ(requests, 1);
}

TEST(Exchange, ThrowsWhatOnDownloadThrows) {
  const ScriptedServer there([](ScriptedPeer& peer, int) { be_well(peer); });
  const Client client(plain_options());
  const auto fail = [](std::uint64_t, std::optional<std::uint64_t>) {
    throw std::runtime_error("no room for a bar");
  };
  try {
    static_cast<void>(client.get(there.url("/")).on_download(fail).wait());
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "no room for a bar");
  }
  expect_well(client, there);
}

TEST(Exchange, MindsNoCodingWhereThereIsNothingToDecode) {
  const ScriptedServer there([](ScriptedPeer& peer, int) {
    const auto answer = [&peer](std::string_view status, std::string_view lines) {
      peer.send("HTTP/1.1 " + std::string(status) + "\r\nContent-Encoding: strange\r\n" +
                std::string(lines));
    };
    for (std::string head = peer.read_head(); !head.empty(); head = peer.read_head()) {
      if (head.starts_with("HEAD ")) {
        answer("200 OK", "Content-Length: 5\r\n\r\n");
      } else if (head.starts_with("GET /none ")) {
        answer("204 No Content", "\r\n");
      } else if (head.starts_with("GET /moved ")) {
        answer("302 Found", "Location: /well\r\nContent-Length: 2\r\n\r\nxx");
      } else if (head.contains("Range: ")) {
        const bool asked_plain = head.contains("Accept-Encoding: identity\r\n");
        answer("206 Partial Content", "Content-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\n");
        peer.send(asked_plain ? "ab" : "??");
      } else {
        peer.respond("well");
      }
    }
  });
  const Client client(plain_options());
  const auto head = client.head(there.url("/")).wait();
  ASSERT_TRUE(head) << head.error().message();
  EXPECT_EQ(head->status(), Status::ok);
  const auto none = client.get(there.url("/none")).wait();
  ASSERT_TRUE(none) << none.error().message();
  EXPECT_EQ(none->status(), Status::no_content);
  const auto moved = client.get(there.url("/moved")).wait();
  ASSERT_TRUE(moved) << moved.error().message();
  EXPECT_EQ(moved->text(), "well");
  const auto part = client.get(there.url("/")).field("Range", "bytes=0-1").wait();
  ASSERT_TRUE(part) << part.error().message();
  EXPECT_EQ(part->text(), "ab");
}

class EarlyAnswer : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Length, EarlyAnswer, testing::Bool(), [](const auto& test) {
  return std::string(test.param ? "Announced" : "Unknown");
});

TEST_P(EarlyAnswer, EndsContentThatTheServerDoesNotWant) {
  for (const char* field : {"", "Connection: close\r\n"}) {
    const ScriptedServer there([&](ScriptedPeer& peer, int connection) {
      if (connection > 0) return be_well(peer);
      peer.read_head();
      peer.read(1);
      peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 8\r\n" + std::string(field) +
                "\r\ntoo much");
      peer.read_to_end();
    });
    const Client client(plain_options());
    const auto write = [](ContentWriter& writer) -> Task<> {
      const std::string piece(100'000, 'x');
      while (true) co_await writer.write(piece);
    };
    std::optional<std::uint64_t> bytes;
    if (GetParam()) bytes = 1'000'000'000'000;
    const auto response =
        client.post(there.url("/"), Content::stream("text/x", write, bytes)).wait();
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->status(), Status::content_too_large);
    EXPECT_EQ(response->text(), "too much");
    expect_well(client, there);
  }
}

}  // namespace
}  // namespace duplex::client

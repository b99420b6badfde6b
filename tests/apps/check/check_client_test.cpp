#include "check/check_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

#include "scripted_peer.hpp"
#include "stop_pipe.hpp"

namespace duplex::app::check {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

/// Cases that send their own name, and expect it back.
const Cases& sample_cases() {
  static const Cases cases = [] {
    Cases all;
    for (const std::string id : {"test/one", "test/two", "test/three"}) {
      all.push_back({.id = id, .title = "Title of " + id, .run = [id](Script& script) {
                       script.send_message(text(id));
                       script.expect_echo(text(id));
                       script.close();
                     }});
    }
    return all;
  }();
  return cases;
}

/// The checker, listening in another thread.
class Listening {
 public:
  explicit Listening(std::chrono::milliseconds idle_limit = 20s, const Cases& all = sample_cases())
      : results_(std::async(std::launch::async, [this, idle_limit, &all] {
          std::vector<const Case*> cases;
          for (const Case& what : all) cases.push_back(&what);
          return check_client(cases, {.listener = listener_,
                                      .jobs = 4,
                                      .idle_limit = idle_limit,
                                      .stop_descriptor = stop_.descriptor(),
                                      .on_result = [this](const Result&) { ++told_; }});
        })) {}

  ScriptedPeer connect() const {
    HostAddress address = resolve_host("127.0.0.1", port_of(listener_)).front();
    Socket socket = dial({address}, Wire::Clock::now() + 20s, -1);
    return {Wire(make_plain_stream(socket.release())), End::client};
  }

  /// A client that asks for `target`, with the response.
  std::pair<ScriptedPeer, HttpHead> open(std::string_view target) const {
    ScriptedPeer client = connect();
    const HttpHead request{.start_line = "GET " + std::string(target) + " HTTP/1.1",
                           .fields = {{"Host", "localhost"},
                                      {"Upgrade", "websocket"},
                                      {"Connection", "Upgrade"},
                                      {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                                      {"Sec-WebSocket-Version", "13"}}};
    client.write(request.text());
    HttpHead response = client.read_head();
    return {std::move(client), std::move(response)};
  }

  /// The first message there, which is echoed as all others.
  std::string visit(std::string_view target) const {
    auto [client, response] = open(target);
    EXPECT_EQ(response.status(), 101);
    const Event event = client.receive();
    const auto* const message = std::get_if<Message>(&event);
    if (message == nullptr) return describe(event);
    client.send(whole(*message));
    client.echo();
    return message->payload;
  }

  void stop() { stop_.stop(); }
  ClientResults results() { return results_.get(); }
  int told() const { return told_; }

 private:
  Socket listener_ = listen_at("127.0.0.1", 0);
  StopPipe stop_;
  std::atomic<int> told_ = 0;
  std::future<ClientResults> results_;
};

std::vector<std::string> verdicts(const ClientResults& results) {
  std::vector<std::string> all;
  for (const Result& result : results.results) {
    all.push_back(result.what->id + " " + std::string(name(result.finding.verdict)));
  }
  return all;
}

TEST(CheckClient, GetsTheNextCaseWithEachConnectionUntilAllHaveRun) {
  Listening listening;
  EXPECT_EQ(listening.visit("/"), "test/one");
  EXPECT_EQ(listening.visit("/any/path?x=y"), "test/two");
  EXPECT_EQ(listening.visit("/"), "test/three");
  EXPECT_THAT(verdicts(listening.results()),
              ElementsAre("test/one right", "test/two right", "test/three right"));
  EXPECT_EQ(listening.told(), 3);
}

TEST(CheckClient, GetsCasesSideBySide) {
  Listening listening;
  auto [first, first_response] = listening.open("/");
  auto [second, second_response] = listening.open("/");
  EXPECT_EQ(listening.visit("/"), "test/three");
  EXPECT_EQ(listening.open("/").second.status(), 410) << "none is left";
  first.echo();
  second.echo();
  EXPECT_THAT(verdicts(listening.results()),
              ElementsAre("test/one right", "test/two right", "test/three right"));
}

TEST(CheckClient, AsksByNumberAsInTheFieldsSuite) {
  Listening listening;
  EXPECT_EQ(listening.visit("/getCaseCount"), "3");
  EXPECT_EQ(listening.visit("/getCaseStatus?case=2"), R"({"behavior":"UNKNOWN"})");
  EXPECT_EQ(listening.visit("/runCase?case=2&agent=my%20client"), "test/two");
  EXPECT_EQ(listening.visit("/getCaseStatus?case=2&agent=x"), R"({"behavior":"OK"})");
  EXPECT_EQ(listening.visit("/getCaseInfo?case=3"),
            R"({"description":"Title of test/three","id":"test/three"})");
  for (const std::string_view target : {"/runCase?case=0", "/runCase?case=4", "/runCase",
                                        "/getCaseStatus?case=4", "/getCaseInfo?case=x"}) {
    EXPECT_EQ(listening.open(target).second.status(), 404) << target;
  }
  // All have run; who goes by numbers says itself that it is over.
  EXPECT_EQ(listening.visit("/runCase?case=1"), "test/one");
  EXPECT_EQ(listening.visit("/runCase?case=3"), "test/three");
  listening.visit("/updateReports?agent=my%20client");
  const ClientResults results = listening.results();
  EXPECT_EQ(results.agent, "my client");
  EXPECT_THAT(verdicts(results),
              ElementsAre("test/one right", "test/two right", "test/three right"));
}

TEST(CheckClient, KeepsTheLastResultOfACaseThatIsRunAgain) {
  Listening listening;
  {
    auto [client, response] = listening.open("/runCase?case=1");
    client.receive();
    client.send({.payload = "something else"});
    client.receive();
  }
  EXPECT_EQ(listening.visit("/getCaseStatus?case=1"), R"({"behavior":"FAILED"})");
  EXPECT_EQ(listening.visit("/runCase?case=1"), "test/one");
  listening.visit("/updateReports");
  EXPECT_THAT(verdicts(listening.results()), ElementsAre("test/one right"));
}

TEST(CheckClient, IsToldWhatThisIsWhenItIsNoWebSocket) {
  Listening listening;
  ScriptedPeer client = listening.connect();
  client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.read_head().status(), 426);
  listening.stop();
  EXPECT_TRUE(listening.results().results.empty());
}

TEST(CheckClient, IsWrongWhenItsRequestCantBeRead) {
  const auto pass = [](Script&) {};
  const Cases cases{{.id = "test/one", .run = pass},
                    {.id = "handshake/one", .run = pass},
                    {.id = "test/two", .run = pass}};
  Listening listening(20s, cases);
  for (int i = 0; i < 3; ++i) {
    ScriptedPeer client = listening.connect();
    client.write("nonsense\r\nwithout a colon\r\n\r\n");
    EXPECT_EQ(client.read_head().status(), 400);
    EXPECT_EQ(listening.told(), i + 1);
  }
  const ClientResults results = listening.results();
  EXPECT_THAT(verdicts(results),
              ElementsAre("test/one wrong", "handshake/one wrong", "test/two wrong"));
  EXPECT_THAT(results.results[1].finding.why, HasSubstr("its request is not HTTP: "));
}

TEST(CheckClient, TakesACaseOfHandshakesForARequestThatCantBeRead) {
  const Cases cases{{.id = "test/one", .run = [](Script&) {}},
                    {.id = "handshake/one", .run = [](Script&) {}}};
  Listening listening(20s, cases);
  ScriptedPeer client = listening.connect();
  client.write("nonsense\r\nwithout a colon\r\n\r\n");
  client.read_head();
  listening.stop();
  EXPECT_THAT(verdicts(listening.results()), ElementsAre("handshake/one wrong"));
}

TEST(CheckClient, IsWrongInACaseThatThrows) {
  const Cases cases{
      {.id = "test/throws", .run = [](Script&) { throw std::runtime_error("out of order"); }}};
  Listening listening(20s, cases);
  EXPECT_EQ(listening.open("/runCase?case=1").second.status(), 101);
  EXPECT_EQ(listening.visit("/getCaseStatus?case=1"), R"({"behavior":"FAILED"})");
  listening.visit("/updateReports");
  const ClientResults results = listening.results();
  EXPECT_THAT(verdicts(results), ElementsAre("test/throws wrong"));
  EXPECT_EQ(results.results[0].finding.why, "out of order");
}

TEST(CheckClient, NeedNotTakeAllCases) {
  Listening listening(100ms);
  EXPECT_EQ(listening.visit("/"), "test/one");
  EXPECT_THAT(verdicts(listening.results()), ElementsAre("test/one right"));
}

TEST(CheckClient, IsLeftWhereItIsWhenTheUserHasHadEnough) {
  Listening listening;
  EXPECT_EQ(listening.visit("/"), "test/one");
  // Which waits for the result.
  EXPECT_EQ(listening.visit("/getCaseStatus?case=1"), R"({"behavior":"OK"})");
  auto [client, response] = listening.open("/");
  EXPECT_EQ(response.status(), 101);
  listening.stop();
  EXPECT_THAT(verdicts(listening.results()), ElementsAre("test/one right"));
}

}  // namespace
}  // namespace duplex::app::check

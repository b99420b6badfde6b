#include "bench/bench_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>

#include "bench/readable.hpp"
#include "subcommand.hpp"

namespace duplex::app::bench {
namespace {

using testing::HasSubstr;

constexpr auto websocket_url = "ws://127.0.0.1:8080/echo";
constexpr auto http_url = "http://127.0.0.1:8080/";

BenchOptions resolved(const std::function<void(BenchArguments&)>& set = {},
                      std::string_view url = websocket_url) {
  BenchArguments arguments;
  arguments.url = url;
  if (set) set(arguments);
  return resolve(arguments);
}

/// The sentence for wrong usage; empty when there is nothing wrong.
std::string complaint(const std::function<void(BenchArguments&)>& set,
                      std::string_view url = websocket_url) {
  try {
    resolved(set, url);
    return "";
  } catch (const UsageError& error) {
    return error.what();
  }
}

TEST(BenchOptions, TakeTheModeFromTheScheme) {
  EXPECT_EQ(resolved().mode, Mode::echo);
  EXPECT_EQ(resolved({}, "wss://example.com/").mode, Mode::echo);
  EXPECT_EQ(resolved({}, http_url).mode, Mode::request);
}

TEST(BenchOptions, HaveDefaults) {
  const BenchOptions options = resolved();
  EXPECT_EQ(options.connections, 50);
  EXPECT_EQ(options.threads, 1);
  EXPECT_EQ(options.duration.count(), 10'000);
  EXPECT_EQ(options.warmup.count(), 500);
  EXPECT_EQ(options.message.bytes, 20);
  EXPECT_EQ(options.depth, 1);
  EXPECT_EQ(options.rate, 0);
  EXPECT_FALSE(options.length_only);
}

TEST(BenchOptions, TakeTimesAndRatesAsPeopleWriteThem) {
  const BenchOptions options = resolved([](auto& given) {
    given.duration = "2m";
    given.warmup = "250ms";
    given.rate = "1.5M";
    given.pace = "2k";
  });
  EXPECT_EQ(options.duration.count(), 120'000);
  EXPECT_EQ(options.warmup.count(), 250);
  EXPECT_EQ(options.rate, 1'500'000);
  EXPECT_EQ(options.pace, 2'000);
}

TEST(BenchOptions, TakeWhatIsRequired) {
  const BenchOptions options = resolved([](auto& given) {
    given.required = {"p99<5ms", "memory<1K"};
    given.pid = "1";
  });
  ASSERT_EQ(options.required.size(), 2U);
  EXPECT_EQ(options.required[0].text, "p99<5ms");
  EXPECT_EQ(options.required[1].limit, 1024);
  const BenchOptions idle = resolved([](auto& given) {
    given.mode = "idle";
    given.required = {"handshake-p99<5ms", "opening-rate>1", "errors<1%"};
  });
  EXPECT_EQ(idle.required.size(), 3U);
  const BenchOptions fanout = resolved([](auto& given) {
    given.mode = "fanout";
    given.required = {"lost<1%", "errors<10"};
  });
  EXPECT_EQ(fanout.required.size(), 2U);
}

TEST(BenchOptions, HaveNoMoreThreadsThanConnections) {
  const BenchOptions options = resolved([](auto& given) {
    given.connections = "3";
    given.threads = "8";
  });
  EXPECT_EQ(options.threads, 3);
}

TEST(BenchOptions, LeaveRoomForTheStampOfAFanout) {
  EXPECT_EQ(resolved([](auto& given) { given.mode = "fanout"; }).message.bytes, 20);
  EXPECT_EQ(resolved([](auto& given) {
              given.mode = "fanout";
              given.text = true;
            }).message.bytes,
            32);
}

TEST(BenchOptions, PostWhatHasABody) {
  const auto set = [](auto& given) { given.body_size = "1K"; };
  EXPECT_EQ(resolved(set, http_url).method, http::Method::post);
  EXPECT_EQ(resolved(set, http_url).body_bytes, 1024);
}

struct Wrong {
  std::function<void(BenchArguments&)> set;
  std::string_view sentence;
  std::string_view url = websocket_url;
};

TEST(BenchOptions, SayWhatIsWrong) {
  using Given = BenchArguments;
  const Wrong all[] = {
      {[](Given& given) { given.url = ""; }, "what is to be loaded?"},
      {[](Given& given) { given.url = "ftp://x/"; }, "is no URL to load"},
      {[](Given& given) { given.mode = "shout"; }, "--mode: \"shout\" is none"},
      {[](Given& given) { given.mode = "request"; }, "--mode request needs a URL of http"},
      {[](Given& given) { given.mode = "echo"; }, "--mode echo needs a URL of ws", http_url},
      {[](Given& given) { given.connections = "0"; }, "--connections: \"0\" is not a number"},
      {[](Given& given) { given.threads = "many"; }, "--threads: "},
      {[](Given& given) { given.duration = "0"; }, "--duration: write more than 0"},
      {[](Given& given) { given.warmup = "-1"; }, "--warmup: "},
      {[](Given& given) { given.depth = "0"; }, "--depth: "},
      {[](Given& given) { given.rate = "fast"; }, "--rate: \"fast\" is not a rate"},
      {[](Given& given) { given.rate = "-5"; }, "--rate: \"-5\" is not a rate"},
      {[](Given& given) { given.rate = "0"; }, "--rate: write more than 0"},
      {[](Given& given) { given.pace = "0"; }, "--pace: write more than 0"},
      {[](Given& given) { given.rate = "nan"; }, "--rate: \"nan\" is not a rate"},
      {[](Given& given) { given.pace = "1G"; }, "--pace: \"1G\" is not a rate"},
      {[](Given& given) { given.duration = "1d"; }, "--duration: \"1d\" is not a time"},
      {[](Given& given) { given.rate = "5", given.depth = "2"; },
       "--rate and --depth don't go together"},
      {[](Given& given) { given.text = given.binary = true; },
       "--text and --binary don't go together"},
      {[](Given& given) { given.compress_keep = true; }, "--compress-keep needs --compress"},
      {[](Given& given) { given.size = "65M"; }, "--size: a message has at most 64 MiB"},
      {[](Given& given) { given.size = "big"; }, "--size: \"big\" is not a size"},
      {[](Given& given) { given.verify = "taste"; }, "is neither length nor content"},
      {[](Given& given) { given.content = "poems"; }, "--content: \"poems\" is none"},
      {[](Given& given) { given.content = "@/no/such/file"; }, "/no/such/file"},
      {[](Given& given) { given.content = "@/dev/null", given.size = "1"; },
       "--size and --content @FILE don't go together"},
      {[](Given& given) { given.content = "@/dev/null", given.mode = "fanout"; },
       "--content @FILE is for mode echo"},
      {[](Given& given) { given.content = "json"; }, "--content means nothing in mode request",
       http_url},
      {[](Given& given) { given.mode = "fanout", given.size = "15"; }, "needs 16 bytes"},
      {[](Given& given) { given.mode = "fanout", given.size = "31", given.text = true; },
       "needs 32 bytes to say when it was sent, as text"},
      {[](Given& given) { given.mode = "fanout", given.publish_url = http_url; },
       "--publish-url needs a URL of ws"},
      {[](Given& given) { given.mode = "fanout", given.publishers = "0"; }, "--publishers: "},
      {[](Given& given) { given.fields = {"no colon"}; }, "--header: \"no colon\" has no colon"},
      {[](Given& given) { given.fields = {"a b: c"}; }, "--header: "},
      {[](Given& given) { given.fields = {"Upgrade: x"}; }, "Upgrade"},
      {[](Given& given) { given.subprotocol = "a b"; }, "a b"},
      {[](Given& given) { given.unix_path = std::string(108, 'x'); }, "--unix-socket: the path"},
      {[](Given& given) { given.insecure = true; }, "need a URL of wss or https"},
      {[](Given& given) { given.key = "k.pem"; }, "--key needs --cert"},
      {[](Given& given) { given.pid = "0"; }, "--pid: "},
      {[](Given& given) { given.required = {"p99<5"}; }, "--require: \"5\" is not a short time"},
      {[](Given& given) { given.required = {"cpu<5us"}; }, "--require: \"cpu<5us\" needs --pid"},
      {[](Given& given) { given.required = {"memory<1K"}; }, "\"memory<1K\" needs --pid"},
      {[](Given& given) { given.mode = "idle", given.required = {"rate>1"}; },
       "--require: in mode idle there are no messages that \"rate>1\" could be about"},
      {[](Given& given) { given.mode = "idle", given.pid = "1", given.required = {"cpu<1s"}; },
       "in mode idle there are no messages"},
      {[](Given& given) {
         given.mode = "connect", given.pid = "1", given.required = {"memory<1K"};
       },
       "in mode connect no connection stays"},
      {[](Given& given) { given.required = {"lost<1%"}; },
       "--require: in mode echo there are no deliveries that \"lost<1%\" could be about"},
      {[](Given& given) { given.mode = "idle", given.required = {"lost<1"}; },
       "in mode idle there are no deliveries"},
      {[](Given& given) { given.json = given.plot = "-"; }, "can't go to the same place"},
      {[](Given& given) { given.publishers = "2"; }, "--publishers means nothing in mode echo"},
      {[](Given& given) { given.resume = true; }, "--resume means nothing in mode echo"},
      {[](Given& given) { given.mode = "idle", given.rate = "1"; },
       "--rate means nothing in mode idle"},
      {[](Given& given) { given.mode = "idle", given.compress = true; },
       "--compress means nothing in mode idle"},
      {[](Given& given) { given.size = "1"; }, "--size means nothing in mode request", http_url},
      {[](Given& given) { given.method = "SHOUT"; }, "--method: \"SHOUT\" is none", http_url},
      {[](Given& given) { given.body_size = "65M"; }, "--body-size: at most", http_url},
      {[](Given& given) { given.no_keep_alive = true, given.depth = "2"; },
       "--depth needs connections that are kept", http_url},
  };
  for (const Wrong& wrong : all) {
    EXPECT_THAT(complaint(wrong.set, wrong.url), HasSubstr(wrong.sentence));
  }
}

TEST(BenchOptions, AreShownWhereTheyMeanSomething) {
  const auto names = [](const BenchOptions& options) {
    std::string all;
    for (const Option& option : shown(options)) all += option.name + " ";
    return all;
  };
  EXPECT_EQ(names(resolved()), "connections threads duration warmup size text verify depth ");
  EXPECT_EQ(names(resolved({}, http_url)),
            "connections threads duration warmup method keep_alive depth ");
  EXPECT_EQ(names(resolved([](auto& given) {
              given.mode = "fanout";
              given.compress = given.compress_keep = true;
            })),
            "connections threads duration warmup publishers size text compress compress_keep "
            "verify depth ");
  EXPECT_EQ(names(resolved([](auto& given) {
              given.mode = "idle";
              given.pace = "9";
              given.unix_path = "/run/x";
            })),
            "connections threads duration pace unix_socket ");
}

TEST(BenchOptions, AreShownWithTheirUnits) {
  const auto texts = [](const std::function<void(BenchArguments&)>& set, std::string_view url) {
    return readable_options({.options = shown(resolved(set, url))});
  };
  EXPECT_EQ(texts(
                [](auto& given) {
                  given.duration = "2m";
                  given.rate = "1.5k";
                  given.pace = "0.5";
                  given.size = "1K";
                },
                websocket_url),
            "connections 50, threads 1, duration 120 s, warmup 0.5 s, size 1024 B, verify content, "
            "rate 1500/s, pace 0.5/s");
  EXPECT_EQ(texts([](auto& given) { given.body_size = "5"; }, http_url),
            "connections 50, threads 1, duration 10 s, warmup 0.5 s, method POST, body_size 5 B, "
            "keep_alive, depth 1");
}

}  // namespace
}  // namespace duplex::app::bench

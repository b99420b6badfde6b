#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bench/report.hpp"
#include "example_result.hpp"

namespace duplex::app::bench {
namespace {

using nlohmann::json;

TEST(JsonReport, HasAllThatProgramsReadOfAnEcho) {
  const json all = json::parse(json_report(example_result(Mode::echo)));
  EXPECT_TRUE(all["duplex"].is_string());
  EXPECT_EQ(all["url"], "ws://127.0.0.1:8080/echo");
  EXPECT_EQ(all["mode"], "echo");
  EXPECT_EQ(all["started"], "2026-11-26T01:00:00Z");
  EXPECT_EQ(all["options"], json({{"connections", 50},
                                  {"size", 20},
                                  {"compress", false},
                                  {"text", true},
                                  {"warmup", 0.5},
                                  {"subprotocol", ""}}));
  EXPECT_EQ(all["seconds"], 2.0);
  EXPECT_EQ(all["interrupted"], false);
  EXPECT_EQ(all["good"], example_result(Mode::echo).good());
  EXPECT_EQ(all["limited_by"], "server");
  EXPECT_EQ(all["messages"], json({{"sent", 100000},
                                   {"received", 100000},
                                   {"late", 0},
                                   {"unanswered", 0},
                                   {"per_second", 50000.0}}));
  EXPECT_EQ(all["bytes"],
            json({{"sent", 2000000}, {"received", 2000000}, {"received_per_second", 1000000.0}}));
  const json& latency = all["latency_us"];
  EXPECT_EQ(latency["min"], 10.0);
  EXPECT_EQ(latency["max"], 1500.0);
  EXPECT_NEAR(latency["mean"], 29.8, 1e-9);
  EXPECT_NEAR(latency["p50"], 10, 0.04);
  EXPECT_NEAR(latency["p90"], 20, 0.08);
  EXPECT_NEAR(latency["p99"], 20, 0.08);
  EXPECT_NEAR(latency["p99.9"], 1500, 6);
  EXPECT_NEAR(latency["p99.99"], 1500, 6);
  EXPECT_EQ(latency["relative_error"], 1.0 / 256);
  const json& connections = all["connections"];
  EXPECT_EQ(connections["opened"], 50);
  EXPECT_EQ(connections["resumed"], 0);
  EXPECT_EQ(connections["failed"], 0);
  EXPECT_EQ(connections["per_second"], 5000.0);
  EXPECT_EQ(connections["handshake_us"]["p50"], 250.0);
  EXPECT_EQ(all["errors"], json::array());
  EXPECT_EQ(all["statuses"], json::object());
  EXPECT_EQ(all["load"]["threads"], 1);
  EXPECT_EQ(all["load"]["cpu_seconds"], 1.2);
  EXPECT_EQ(all["load"]["busy"], 0.6);
  EXPECT_EQ(all["load"]["waiting"], 0.0);
  const json& server = all["server"];
  EXPECT_EQ(server["pid"], 4242);
  EXPECT_EQ(server["user_seconds"], 0.5);
  EXPECT_EQ(server["system_seconds"], 1.5);
  EXPECT_EQ(server["busy"], 0.99);
  EXPECT_NEAR(server["user_us_per_message"], 5, 1e-9);
  EXPECT_NEAR(server["cpu_us_per_message"], 20, 1e-9);
  EXPECT_EQ(server["memory_bytes"], 1012500);
  EXPECT_EQ(server["memory_bytes_per_connection"], 250.0);
  EXPECT_FALSE(all.contains("fanout"));
  ASSERT_EQ(all["timeline"].size(), 20U);
  const json& slice = all["timeline"][0];
  EXPECT_EQ(slice["at"], 0.1);
  EXPECT_EQ(slice["messages"], 5000);
  EXPECT_EQ(slice["p50_us"], 10.0);
  EXPECT_EQ(slice["p99_us"], 20.0);
}

TEST(JsonReport, HasTheFieldsOfOtherModes) {
  const json fanout = json::parse(json_report(example_result(Mode::fanout)));
  EXPECT_EQ(fanout["fanout"], json({{"published", 2000}, {"delivered", 100000}, {"lost", 0}}));
  EXPECT_FALSE(fanout.contains("compression"));
  const json request = json::parse(json_report(example_result(Mode::request)));
  EXPECT_EQ(request["statuses"], json({{"200", 99999}, {"503", 1}}));
  Result idle = example_result(Mode::idle);
  idle.timeline[1].memory_bytes = 77;
  const json all = json::parse(json_report(idle));
  EXPECT_EQ(all["latency_us"], nullptr);
  EXPECT_EQ(all["timeline"][1]["memory_bytes"], 77);
  EXPECT_EQ(all["timeline"][1]["connections"], 50);
  EXPECT_FALSE(all["timeline"][1].contains("p99_us"));
  EXPECT_FALSE(all["server"].contains("cpu_us_per_message"));
}

TEST(JsonReport, TellsWhatCompressionHasMadeOfTheBytes) {
  Result result = example_result(Mode::echo);
  result.compressed = true;
  result.total.compressed_bytes_sent = 600'000;
  result.total.compressed_bytes_received = 500'000;
  const json all = json::parse(json_report(result));
  EXPECT_EQ(all["compression"], json({{"bytes_sent", 600000}, {"bytes_received", 500000}}));
  EXPECT_EQ(all["bytes"]["sent"], 2000000);
}

TEST(JsonReport, CountsConnectionsThatResumedASession) {
  Result result = example_result(Mode::connect);
  result.total.connections_resumed = 45;
  EXPECT_EQ(json::parse(json_report(result))["connections"]["resumed"], 45);
}

TEST(JsonReport, TellsWhatWasRequired) {
  Result result = example_result(Mode::echo);
  for (const std::string_view text :
       {"rate>=60k", "max < 2ms", "memory<=250B", "handshake-max<1ms"}) {
    result.required.push_back(judge(parse_requirement(text).value(), result));
  }
  result.server.reset();
  result.total.errors.add("reset", "", 25);
  for (const std::string_view text : {"cpu<1us", "errors<25", "errors<=50%"}) {
    result.required.push_back(judge(parse_requirement(text).value(), result));
  }
  const json all = json::parse(json_report(result));
  EXPECT_EQ(all["required"], json::parse(R"([
    {"requirement": "rate>=60k", "held": false, "unit": "per_second", "limit": 60000.0,
     "actual": 50000.0},
    {"requirement": "max < 2ms", "held": true, "unit": "us", "limit": 2000.0, "actual": 1500.0},
    {"requirement": "memory<=250B", "held": true, "unit": "bytes", "limit": 250.0,
     "actual": 250.0},
    {"requirement": "handshake-max<1ms", "held": true, "unit": "us", "limit": 1000.0,
     "actual": 250.0},
    {"requirement": "cpu<1us", "held": false, "unit": "us", "limit": 1.0, "actual": null},
    {"requirement": "errors<25", "held": false, "unit": "count", "limit": 25.0, "actual": 25.0},
    {"requirement": "errors<=50%", "held": true, "unit": "share", "limit": 0.5,
     "actual": 0.00025}
  ])"));
  EXPECT_EQ(json::parse(json_report(example_result(Mode::idle)))["required"], json::array());
}

TEST(JsonReport, IsJsonWhateverAPeerHasSaid) {
  Result result;
  result.title = "\"quoted\" \xff";
  result.total.errors.add("closed 1002", "not UTF-8: \xc3\x28", 3);
  const json all = json::parse(json_report(result));
  EXPECT_EQ(all["errors"][0]["count"], 3);
  EXPECT_EQ(all["errors"][0]["kind"], "closed 1002");
  EXPECT_EQ(all["title"], "\"quoted\" \xef\xbf\xbd");
  EXPECT_FALSE(all.contains("server"));
  EXPECT_EQ(all["messages"]["per_second"], 0.0);
}

}  // namespace
}  // namespace duplex::app::bench

#include "deflate_parts.hpp"

#include <fmt/format.h>

#include <utility>

#include "payloads.hpp"

namespace duplex::app::check {

std::vector<Frame> compressed_frames(Message::Type type, std::string payload,
                                     std::size_t fragment_bytes) {
  std::vector<Frame> frames = fragments({type, std::move(payload)}, fragment_bytes);
  frames.front().reserved = rsv::one;
  return frames;
}

std::vector<Frame> compress(Script& script, const Message& message, std::size_t fragment_bytes) {
  return compressed_frames(message.type, script.compress(message.payload), fragment_bytes);
}

void echo_compressed(Script& script, const Message& message) {
  script.send_together(compress(script, message));
  script.expect_echo(message);
}

std::string json_payload(std::size_t bytes) {
  std::string payload = "[";
  for (int i = 0; payload.size() < bytes; ++i) {
    payload += fmt::format(R"({{"id":{},"name":"sensor {}","value":{}.{},"ok":{}}},)", i, i % 17,
                           i * 7919 % 1000, i % 10, i % 3 != 0);
  }
  payload.resize(bytes);
  return payload;
}

void add_deflate_case(Cases& cases, std::string_view id, std::string title, std::string expected,
                      std::string rule, std::function<void(Script&)> run, int time_factor) {
  cases.push_back({.id = fmt::format("deflate/{}", id),
                   .title = std::move(title),
                   .expected = std::move(expected),
                   .rule = std::move(rule),
                   .compression = Compression{},
                   .time_factor = time_factor,
                   .run = std::move(run)});
}

}  // namespace duplex::app::check

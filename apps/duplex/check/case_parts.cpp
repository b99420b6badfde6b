#include "case_parts.hpp"

#include "payloads.hpp"

namespace duplex::app::check {

std::string id_suffix(Delivery delivery) {
  switch (delivery) {
    case Delivery::separate: return "";
    case Delivery::together: return "-in-one-write";
    case Delivery::bytewise: return "-byte-by-byte";
  }
  return "";
}

std::string title_suffix(Delivery delivery) {
  switch (delivery) {
    case Delivery::separate: return ", each in a write of its own";
    case Delivery::together: return ", all in one write";
    case Delivery::bytewise: return ", byte by byte";
  }
  return "";
}

void deliver(Script& script, std::span<const Frame> frames, Delivery delivery) {
  if (delivery == Delivery::together) {
    script.send_together(frames);
    return;
  }
  for (const Frame& frame : frames) {
    if (delivery == Delivery::bytewise) {
      script.send_chopped(frame, 1);
    } else {
      script.send(frame);
    }
  }
}

std::vector<Frame> frames_of(Message::Type type, std::span<const std::string> parts) {
  std::vector<Frame> frames;
  frames.reserve(parts.size());
  for (const std::string& part : parts) {
    frames.push_back({.opcode = Opcode::continuation, .payload = part, .fin = false});
  }
  frames.front().opcode = type == Message::Type::text ? Opcode::text : Opcode::binary;
  frames.back().fin = true;
  return frames;
}

void echo(Script& script, const Message& message) {
  script.send_message(message);
  script.expect_echo(message);
}

void echo_and_close(Script& script) {
  echo(script, text("still here"));
  script.close();
}

}  // namespace duplex::app::check

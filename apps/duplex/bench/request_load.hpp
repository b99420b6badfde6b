#pragma once

#include <vector>

#include "loop.hpp"
#include "response_reader.hpp"

namespace duplex::app::bench {

/// Sends requests of HTTP/1.1, and counts their responses by status.
class RequestLoad final : public Loop {
 public:
  explicit RequestLoad(LoadThread& thread);

  void opened(Connection& connection, Time now) override;
  void received(Connection& connection, Bytes input, Time now) override;
  bool ended(Connection& connection) override;

 private:
  void take(Connection& connection, Time now);
  void open_again(Connection& connection);

  ResponseRules rules_;
  bool keep_alive_;
  std::vector<Answers> answers_;
  std::vector<ResponseReader> readers_;
};

}  // namespace duplex::app::bench

#include "client_request.hpp"

#include <fmt/format.h>

#include <utility>

#include "stopped.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/http/query.hpp>

namespace duplex::app::check {

ClientRequest parse_client_request(const HttpHead& head) {
  using Wish = ClientRequest::Wish;
  ClientRequest request;
  // A request with one of these is meant for a WebSocket, however wrong it may be.
  if (head.count("Upgrade") + head.count("Sec-WebSocket-Key") == 0) {
    request.wish = Wish::no_websocket;
    return request;
  }
  const std::string_view target = head.target();
  const std::size_t mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  const http::QueryView query(mark == std::string_view::npos ? "" : target.substr(mark + 1));
  request.agent = query.find("agent").value_or("");
  request.number = parse_decimal(query.find("case").value_or("")).value_or(0);
  constexpr std::pair<std::string_view, Wish> wishes[] = {{"/getCaseCount", Wish::count},
                                                          {"/runCase", Wish::numbered},
                                                          {"/getCaseStatus", Wish::status},
                                                          {"/getCaseInfo", Wish::info},
                                                          {"/updateReports", Wish::reports}};
  for (const auto& [name, wish] : wishes) {
    if (path == name) request.wish = wish;
  }
  return request;
}

std::optional<HttpHead> receive_request(Wire& wire, Wire::Time deadline) {
  while (true) {
    if (auto head = wire.take(take_head)) return head;
    if (wire.ended()) return std::nullopt;
    switch (wire.receive(deadline)) {
      case Wire::Wait::done: break;
      case Wire::Wait::timed_out:
      case Wire::Wait::full: return std::nullopt;
      case Wire::Wait::stopped: throw Stopped();
    }
  }
}

void refuse(Wire& wire, std::string_view status, std::string_view text, Wire::Time deadline) {
  const HttpHead head{.start_line = fmt::format("HTTP/1.1 {}", status),
                      .fields = {{"Connection", "close"},
                                 {"Content-Type", "text/plain"},
                                 {"Content-Length", std::to_string(text.size())}}};
  wire.send(head.text().append(text), deadline);
  wire.end_sending();
}

}  // namespace duplex::app::check

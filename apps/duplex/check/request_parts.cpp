#include "request_parts.hpp"

#include <fmt/format.h>

#include <utility>

namespace duplex::app::check {

Change start_line(std::string method, std::string version) {
  return [method = std::move(method), version = std::move(version)](HttpHead& request) {
    request.start_line = fmt::format("{} {} {}", method, request.target(), version);
  };
}

void add_request_case(Cases& cases, std::string id, std::string title, std::string expected,
                      std::string rule, std::function<void(Script&)> run) {
  cases.push_back({.id = "handshake/" + std::move(id),
                   .title = std::move(title),
                   .expected = std::move(expected),
                   .rule = std::move(rule),
                   .checks = Checks::servers,
                   .begin = Begin::connected,
                   .run = std::move(run)});
}

void add_either(Cases& cases, RequestVariant variant, std::string refusing, std::string taking) {
  add_request_case(cases, std::move(variant.id), std::move(variant.title),
                   taking.empty() ? "the WebSocket opens; acceptable: the request is refused"
                                  : "the request is refused; acceptable: the WebSocket opens",
                   std::move(variant.rule),
                   [change = std::move(variant.change), refusing = std::move(refusing),
                    taking = std::move(taking)](Script& script) {
                     HttpHead request = script.request();
                     change(request);
                     script.send_head(request);
                     if (script.opened_or_refused(request)) {
                       if (!taking.empty()) script.acceptable(taking);
                       echo_and_close(script);
                     } else if (taking.empty()) {
                       script.acceptable(refusing);
                     }
                   });
}

}  // namespace duplex::app::check

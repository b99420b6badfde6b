#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cases.hpp"
#include "response_parts.hpp"
#include <duplex/base/ascii.hpp>

// Opening handshakes, as clients begin them.

namespace duplex::app::check {
namespace {

using namespace std::chrono_literals;

constexpr auto request_rules = "RFC 6455 section 4.1";

/// What is wrong with a request; empty if nothing is.
using Question = std::function<std::string(const HttpHead&)>;

std::string number_of(const HttpHead& request, std::string_view name) {
  return fmt::format("there are {} fields {}", request.count(name), name);
}

/// Each rule that section 4.1 has for a request, one by one, on a request that is answered then.
void add_questions(Cases& cases) {
  const auto once = [](std::string_view name) {
    return [name](const HttpHead& request) {
      return request.count(name) == 1 ? "" : number_of(request, name);
    };
  };
  const auto once_at_most = [](std::string_view name) {
    return [name](const HttpHead& request) {
      return request.count(name) <= 1 ? "" : number_of(request, name);
    };
  };
  const struct {
    std::string_view id;
    std::string_view title;
    std::string_view rule;
    Question question;
  } questions[] = {
      {"request", "The request as a whole", request_rules, what_is_wrong_with_request},
      {"request-method", "The request's method, which is GET", request_rules,
       [](const HttpHead& request) {
         return request.start_line.starts_with("GET ") ? "" : "the method is not GET";
       }},
      {"request-version", "The request's version, which is HTTP/1.1", request_rules,
       [](const HttpHead& request) {
         return request.start_line.ends_with(" HTTP/1.1") ? "" : "the version is not HTTP/1.1";
       }},
      {"request-target", "The request's target, which is a path or a URL without a fragment",
       "RFC 6455 sections 3, 4.1",
       [](const HttpHead& request) -> std::string {
         const std::string_view target = request.target();
         if (target.find('#') != std::string_view::npos) return "the target has a fragment";
         const bool path = target.starts_with('/');
         const bool url = target.starts_with("http://") || target.starts_with("https://") ||
                          target.starts_with("ws://") || target.starts_with("wss://");
         return path || url ? "" : "the target is neither a path nor a URL";
       }},
      {"request-host", "The request's Host, of which there is one",
       "RFC 6455 section 4.1, RFC 9112 section 3.2", once("Host")},
      {"request-host-value", "The value of Host, a name or an address and perhaps a port",
       "RFC 6455 section 4.1, RFC 9110 section 7.2",
       [](const HttpHead& request) -> std::string {
         const std::string_view host = request.find("Host").value_or("");
         if (host.empty()) return "Host is empty";
         return host.find_first_of("/@?# ") == std::string_view::npos
                    ? ""
                    : fmt::format("Host is {}", excerpt(host));
       }},
      {"request-upgrade", "The request's Upgrade, which has websocket", request_rules,
       [](const HttpHead& request) {
         return list_contains(request.list("Upgrade"), "websocket") ? "" : "no websocket in it";
       }},
      {"request-connection", "The request's Connection, which has Upgrade", request_rules,
       [](const HttpHead& request) {
         return list_contains(request.list("Connection"), "upgrade") ? "" : "no Upgrade in it";
       }},
      {"request-key", "The request's key, of which there is one", "RFC 6455 sections 4.1, 11.3.1",
       once("Sec-WebSocket-Key")},
      {"request-key-value", "The key, which is 16 bytes in base64", request_rules,
       [](const HttpHead& request) -> std::string {
         const std::string_view key = request.find("Sec-WebSocket-Key").value_or("");
         return key.size() == 24 && key.ends_with("==")
                    ? ""
                    : fmt::format("the key is {}", excerpt(key));
       }},
      {"request-protocol-version", "Sec-WebSocket-Version, of which there is one, 13",
       "RFC 6455 sections 4.1, 11.3.5",
       [](const HttpHead& request) -> std::string {
         const std::string version = request.list("Sec-WebSocket-Version");
         return version == "13" ? "" : fmt::format("it is {}", excerpt(version));
       }},
      {"request-origin", "The request's Origin, of which there is one at most",
       "RFC 6455 section 4.1, RFC 6454 section 7.3", once_at_most("Origin")},
      {"request-accept", "The request, which has no Sec-WebSocket-Accept",
       "RFC 6455 section 11.3.3",
       [](const HttpHead& request) {
         return request.count("Sec-WebSocket-Accept") == 0 ? "" : "it has one";
       }},
      {"request-protocols", "The subprotocols that it offers, each of them once",
       "RFC 6455 sections 4.1, 11.3.4",
       [](const HttpHead& request) -> std::string {
         const std::string protocols = request.list("Sec-WebSocket-Protocol");
         std::string_view rest = protocols;
         std::vector<std::string_view> seen;
         while (const auto protocol = next_element(rest)) {
           if (std::ranges::find(seen, *protocol) != seen.end()) {
             return fmt::format("it offers {} twice", excerpt(*protocol));
           }
           seen.push_back(*protocol);
         }
         return "";
       }},
      {"request-without-body", "The request, which has no body", "RFC 6455 section 4.1",
       [](const HttpHead& request) {
         const bool length = request.find("Content-Length").value_or("0") != "0";
         return length || request.count("Transfer-Encoding") > 0 ? "it has one" : "";
       }},
  };
  for (const auto& [id, title, rule, question] : questions) {
    add_client_case(cases, id, std::string(title), "it is as section 4.1 has it", std::string(rule),
                    [question = question](Script& script) {
                      const std::string fault = question(script.client_request());
                      if (!fault.empty()) script.wrong(fault);
                      script.open_with(script.response());
                      echo_and_close(script);
                    });
  }
  add_client_case(cases, "request-waits", "A response that comes 300 ms after the request",
                  "nothing is sent before it", request_rules, [](Script& script) {
                    const HttpHead response = script.response();
                    script.opened_with(response);
                    script.expect_silence(300ms);
                    script.send_head(response);
                    echo_and_close(script);
                  });
}

}  // namespace

void add_client_request_cases(Cases& cases) {
  add_questions(cases);
}

}  // namespace duplex::app::check

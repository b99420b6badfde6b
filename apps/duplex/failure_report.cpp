#include "failure_report.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "printable.hpp"
#include <duplex/client/response.hpp>

namespace duplex::app {
namespace {

/// What of a refusal's content is shown.
constexpr std::size_t content_bytes_max = 1024;

/// The fields of a refusal that say what to do about it.
constexpr std::array telling_fields = {
    "Location", "WWW-Authenticate",      "Proxy-Authenticate",     "Retry-After", "Upgrade",
    "Allow",    "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "Server",      "Content-Type",
};

std::string describe_response(const client::Response& response) {
  std::string text =
      fmt::format("{} {}", http::code(response.status()), printable(response.reason()));
  for (const char* const field : telling_fields) {
    if (const auto value = response.field(field)) {
      text += fmt::format("\n{}: {}", field, printable(*value));
    }
  }
  std::string_view content = cut_text(response.text(), content_bytes_max);
  while (content.ends_with('\n') || content.ends_with('\r')) content.remove_suffix(1);
  if (!content.empty()) text += "\n\n" + printable(content, LineBreaks::keep);
  if (response.text().size() > content_bytes_max) text += "\n...";
  return text;
}

}  // namespace

std::string describe_failure(const client::Error& error) {
  std::string text = printable(error.message());
  if (error.response) text += "\n" + describe_response(*error.response);
  return text;
}

}  // namespace duplex::app

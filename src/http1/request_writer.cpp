#include <array>
#include <cassert>
#include <cstddef>

#include "base/enumeration_category.hpp"
#include "http1/pen.hpp"
#include "http1/request_target.hpp"
#include "http1/scan.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/http1/request_writer.hpp>

namespace duplex::http1 {

namespace {

/// Text in up to as many parts as an absolute target has, so that none has to be put together.
class Parts {
 public:
  Parts& operator<<(std::string_view text) noexcept {
    parts_[count_++] = text;
    return *this;
  }
  auto begin() const noexcept { return parts_.begin(); }
  auto end() const noexcept { return parts_.begin() + static_cast<std::ptrdiff_t>(count_); }

  std::size_t size() const noexcept {
    std::size_t result = 0;
    for (const std::string_view part : *this) result += part.size();
    return result;
  }

 private:
  std::array<std::string_view, 12> parts_;
  std::size_t count_ = 0;
};

Pen& operator<<(Pen& pen, const Parts& parts) noexcept {
  for (const std::string_view part : parts) pen << part;
  return pen;
}

bool is_ipv6(const http::Url& url) noexcept {
  return url.host.find(':') != std::string::npos;
}

void add_authority(const http::Url& url, std::string_view port, Parts& parts) noexcept {
  if (is_ipv6(url)) {
    parts << "[" << url.host << "]";
  } else {
    parts << url.host;
  }
  if (!port.empty()) parts << ":" << port;
}

/// `uncommon_port` is empty when it is the scheme's own.
Parts target_parts(const http::Url& url, TargetForm form, std::string_view port,
                   std::string_view uncommon_port) noexcept {
  Parts parts;
  switch (form) {
    case TargetForm::authority: add_authority(url, port, parts); return parts;
    case TargetForm::asterisk: parts << "*"; return parts;
    case TargetForm::absolute:
      parts << url.scheme << "://";
      add_authority(url, uncommon_port, parts);
      break;
    case TargetForm::origin: break;
  }
  parts << url.path;
  if (!url.query.empty()) parts << "?" << url.query;
  return parts;
}

bool is_target(const Parts& parts) noexcept {
  for (const std::string_view part : parts) {
    if (skip_target(part, 0) != part.size()) return false;
  }
  return parts.size() > 0;
}

/// A host of a URL that somebody may have put together by hand.
bool is_host(const http::Url& url) noexcept {
  if (is_ipv6(url)) return http::is_ipv6_address(url.host);
  return is_authority(url.host);
}

/// What forbids the field named `name` in a request that is planned so, if anything.
std::expected<void, RequestError> check_field(std::string_view name,
                                              const RequestPlan& plan) noexcept {
  const auto is = [name](std::string_view other) { return equals_ignoring_case(name, other); };
  switch (name.size()) {
    case 2:
      // RFC 9110 section 10.1.4: to be listed in Connection.
      if (is("te")) return std::unexpected(RequestError::connection_field);
      break;
    case 6:
      if (is("expect")) return std::unexpected(RequestError::expect_field);
      break;
    case 7:
      if (is("upgrade") && !plan.connection.upgrade) {
        return std::unexpected(RequestError::upgrade_field);
      }
      break;
    case 10:
      if (is("connection") || is("keep-alive")) {
        return std::unexpected(RequestError::connection_field);
      }
      break;
    case 14:
      if (is("content-length")) return std::unexpected(RequestError::framing_field);
      break;
    case 16:
      if (is("proxy-connection")) return std::unexpected(RequestError::connection_field);
      break;
    case 17:
      if (is("transfer-encoding")) return std::unexpected(RequestError::framing_field);
      break;
    default: break;
  }
  return {};
}

bool is_host_field(http::FieldView line) noexcept {
  return line.name.size() == 4 && equals_ignoring_case(line.name, "host");
}

}  // namespace

std::string_view describe(RequestError error) noexcept {
  switch (error) {
    case RequestError::invalid_target:
      return "The request target is empty, does not begin with '/', or holds a byte that it may "
             "not; percent-encode it.";
    case RequestError::invalid_target_form:
      return "CONNECT names a host and its port, and only OPTIONS may name '*'.";
    case RequestError::invalid_host:
      return "The host is not one host name or address with an optional port.";
    case RequestError::connection_field:
      return "The fields Connection, Keep-Alive, Proxy-Connection and TE are the connection's to "
             "set; use the options for them.";
    case RequestError::framing_field:
      return "The fields Content-Length and Transfer-Encoding follow from the content; leave them "
             "out.";
    case RequestError::expect_field:
      return "The field Expect is set by an option, so that the content waits for the answer.";
    case RequestError::upgrade_field:
      return "The field Upgrade has no place in a request that does not switch protocols.";
  }
  return "The request can't be written.";
}

const std::error_category& request_category() noexcept {
  static const EnumerationCategory<RequestError> category("request");
  return category;
}

std::error_code make_error_code(RequestError error) noexcept {
  return code_of(error, request_category());
}

std::expected<void, RequestError> write_request_head(http::Method method, const http::Url& url,
                                                     TargetForm form, const http::Fields& fields,
                                                     const RequestPlan& plan,
                                                     ByteQueue& out) noexcept {
  if ((method == http::Method::connect) != (form == TargetForm::authority) ||
      (form == TargetForm::asterisk && method != http::Method::options)) {
    return std::unexpected(RequestError::invalid_target_form);
  }
  if (!is_host(url) || url.port == 0) return std::unexpected(RequestError::invalid_host);
  const Digits port_digits(url.port);
  const std::string_view port = port_digits.text();
  const std::string_view uncommon_port = url.has_default_port() ? std::string_view() : port;
  const Parts target = target_parts(url, form, port, uncommon_port);
  const bool has_path = form == TargetForm::origin || form == TargetForm::absolute;
  if (!is_target(target) || (has_path && !url.path.starts_with('/'))) {
    return std::unexpected(RequestError::invalid_target);
  }

  Parts host;
  // RFC 9110 section 9.3.6 names both alike in CONNECT.
  add_authority(url, form == TargetForm::authority ? port : uncommon_port, host);
  bool own_host = false;
  std::size_t size = 0;
  for (const http::FieldView line : fields) {
    if (is_host_field(line)) {
      if (own_host || !is_authority(line.value)) return std::unexpected(RequestError::invalid_host);
      own_host = true;
      host = {};
      host << line.value;
      continue;
    }
    if (const auto checked = check_field(line.name, plan); !checked) return checked;
    size += line_bytes(line);
  }

  static constexpr std::string_view version_and_host = " HTTP/1.1\r\nHost: ";
  const std::string_view expect = plan.expect_continue ? "Expect: 100-continue\r\n" : "";
  const std::string_view name = http::name(method);
  size += name.size() + 1 + target.size() + version_and_host.size() + host.size() + crlf.size() +
          expect.size() + own_lines_bytes_max + crlf.size();

  Pen pen(out.prepare(size));
  pen << name << " " << target << version_and_host << host << crlf;
  for (const http::FieldView line : fields) {
    if (!is_host_field(line)) pen << line;
  }
  write_framing(pen, plan.framing, plan.content_length);
  pen << expect << connection_line(plan.connection) << crlf;
  assert(pen.size() <= size);
  out.commit(pen.size());
  return {};
}

}  // namespace duplex::http1

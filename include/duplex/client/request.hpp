#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <duplex/client/content.hpp>
#include <duplex/http/fields.hpp>
#include <duplex/http/method.hpp>

namespace duplex::client {

/// How far a transfer is: bytes so far, and in all where that is known. Called in the thread of the
/// transfer.
using Progress = std::function<void(std::uint64_t bytes, std::optional<std::uint64_t> total)>;

/// What a client is to ask for. Host, Content-Length, Transfer-Encoding and Connection are the
/// client's business; User-Agent, Accept-Encoding and Accept are added unless `fields` has them.
class Request {
 public:
  Request(http::Method its_method, std::string its_url, Content its_content = {})
      : method(its_method), url(std::move(its_url)), content(std::move(its_content)) {}

  http::Method method;
  /// Absolute, http or https.
  std::string url;
  http::Fields fields;
  Content content;

  /// Redirections that are followed, as many as Go's client does; 0 for none.
  std::uint32_t redirects_max = 10;
  /// Whether a redirection may lead from https to http.
  bool allow_downgrade = false;
  /// Whether the content waits until the server says that it wants it (RFC 9110 section 10.1.1).
  bool expect_continue = false;
  /// Whether gzip, deflate, br and zstd are offered, and undone.
  bool decode = true;
  /// Content of the response when all of it is collected, decoded; by default the client's.
  std::optional<std::uint64_t> body_bytes_max = {};
  /// The path of a Unix socket to connect to, whatever host the URL names.
  std::string unix_path;

  /// What the system has taken of the content; what has come of the response's, as on the wire.
  Progress on_upload;
  Progress on_download;
};

}  // namespace duplex::client

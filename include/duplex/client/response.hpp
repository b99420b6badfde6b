#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <duplex/base/bytes.hpp>
#include <duplex/base/task.hpp>
#include <duplex/client/result.hpp>
#include <duplex/http/fields.hpp>
#include <duplex/http/head.hpp>
#include <duplex/http/status.hpp>
#include <duplex/tls/session_info.hpp>

namespace duplex::client {

/// All of a response but its content. Views hold as long as any copy of it.
class ResponseHead {
 public:
  http::Status status() const noexcept;
  /// Whether the status is 2xx.
  bool ok() const noexcept;
  http::Version version() const noexcept;
  /// What stands behind the status on the wire; means nothing.
  std::string_view reason() const noexcept;
  http::FieldsView fields() const noexcept;
  /// The value of the first field named `name`, in any case.
  std::optional<std::string_view> field(std::string_view name) const noexcept;
  /// The heads of the request and of the response, byte for byte as they went over the wire.
  std::string_view request_head() const noexcept;
  std::string_view raw() const noexcept;

  /// What was asked for in the end, behind all redirections.
  const std::string& url() const noexcept;
  /// How many redirections were followed.
  std::uint32_t redirects() const noexcept;

  /// Address and port of the server, or of the proxy.
  const std::string& peer() const noexcept;
  /// Whether the connection had served a request before.
  bool connection_reused() const noexcept;
  bool secure() const noexcept;
  /// How the connection is encrypted, and the server's certificate; nullopt in clear.
  std::optional<tls::SessionInfo> tls() const;

  /// Made by the client.
  struct Facts;
  explicit ResponseHead(std::shared_ptr<const Facts> facts) noexcept;

 private:
  std::shared_ptr<const Facts> facts_;
};

/// A whole response. A value, for any thread.
class Response : public ResponseHead {
 public:
  /// The content, decoded; whatever it holds.
  const std::string& text() const noexcept { return text_; }
  ConstBytes bytes() const noexcept { return as_bytes(text_); }
  /// Gives the content away.
  std::string take_text() && noexcept { return std::move(text_); }
  /// The fields behind chunked content (RFC 9110 section 6.5).
  const http::Fields& trailers() const noexcept { return trailers_; }

  /// Made by the client.
  Response(ResponseHead head, std::string text, http::Fields trailers)
      : ResponseHead(std::move(head)), text_(std::move(text)), trailers_(std::move(trailers)) {}

 private:
  std::string text_;
  http::Fields trailers_;
};

class Exchange;

/// A response whose content is read as it comes. What is not read is not received: the server is
/// slowed down by TCP. When it is destroyed before the end of the content, the connection ends.
///
/// For the thread in which it was begun.
class ResponseStream : public ResponseHead {
 public:
  /// Waits for the next piece, decoded and never empty; nullopt at the end of the content. Not
  /// after an error.
  Task<Result<std::optional<std::string>>> read();

  /// What Content-Length announces, of the content as it is on the wire.
  std::optional<std::uint64_t> content_length() const noexcept;
  /// Behind the end of the content.
  const http::Fields& trailers() const noexcept;

  /// Made by the client.
  ResponseStream(ResponseHead head, std::unique_ptr<Exchange> exchange) noexcept;
  ResponseStream(ResponseStream&&) noexcept;
  ResponseStream& operator=(ResponseStream&&) noexcept;
  ~ResponseStream();

 private:
  std::unique_ptr<Exchange> exchange_;
};

/// What a download has brought.
struct Download {
  ResponseHead response;
  std::string path;
  /// The size of the file, and how much of it was there before.
  std::uint64_t bytes = 0;
  std::uint64_t resumed_bytes = 0;
};

}  // namespace duplex::client

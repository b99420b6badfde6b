#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <duplex/client/response.hpp>
#include <duplex/http/head.hpp>
#include <duplex/tls/session_info.hpp>

namespace duplex::client {

/// How a connection is encrypted, in text of its own: told when the connection has long gone.
class OwnedSessionInfo {
 public:
  explicit OwnedSessionInfo(const tls::SessionInfo& info);
  tls::SessionInfo view() const noexcept;

 private:
  std::string protocol_;
  std::string cipher_;
  std::string application_protocol_;
  std::string server_name_;
  bool resumed_;
  std::optional<tls::Certificate> peer_certificate_;
};

/// What all responses of one connection have in common.
struct ConnectionFacts {
  std::string peer;
  std::optional<OwnedSessionInfo> tls;
};

/// What is behind a `ResponseHead`: text of its own, and views of it.
struct ResponseHead::Facts {
  /// Copies all that `its_head` views.
  explicit Facts(const http::ResponseHead& its_head);
  Facts(const Facts&) = delete;
  Facts& operator=(const Facts&) = delete;

  std::string raw;
  std::vector<http::FieldView> lines;
  http::ResponseHead head;
  std::string request_head;
  std::string url;
  std::uint32_t redirects = 0;
  bool connection_reused = false;
  std::shared_ptr<const ConnectionFacts> connection;
};

/// A head of which no more is known than this: of a proxy's refusal.
ResponseHead response_of(http::Status status, std::string url);

}  // namespace duplex::client

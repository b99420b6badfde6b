#include <utility>

#include <duplex/client/error.hpp>
#include <duplex/client/response.hpp>

namespace duplex::client {

namespace {

std::string_view describe(ClientError error) noexcept {
  switch (error) {
    case ClientError::invalid_request: return "the request can't be sent";
    case ClientError::connection_closed: return "the connection was lost";
    case ClientError::upgrade_refused: return "the server did not open a WebSocket";
    case ClientError::too_many_redirects: return "there are too many redirections";
    case ClientError::content_not_replayable:
      return "a redirection wants the content once more, which was made only once";
    case ClientError::content_too_large: return "the response has too much content";
    case ClientError::content_failed: return "the request's content could not be made";
    case ClientError::too_many_requests: return "too many requests wait for a connection";
    case ClientError::unexpected_status: return "the response does not bring what was asked for";
    case ClientError::unexpected_part: return "a part came that was not asked for";
    case ClientError::gave_up: return "no connection came about in as many attempts as are allowed";
  }
  return "an unknown error";
}

class ClientCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "client"; }
  std::string message(int value) const override {
    return std::string(describe(static_cast<ClientError>(value)));
  }
};

}  // namespace

std::string_view name(Step step) noexcept {
  switch (step) {
    case Step::request: return "request";
    case Step::resolve: return "resolve";
    case Step::connect: return "connect";
    case Step::proxy: return "proxy";
    case Step::tls: return "tls";
    case Step::handshake: return "handshake";
    case Step::protocol: return "protocol";
    case Step::redirect: return "redirect";
    case Step::content: return "content";
    case Step::file: return "file";
  }
  return "unknown";
}

const std::error_category& client_category() noexcept {
  static const ClientCategory category;
  return category;
}

std::error_code make_error_code(ClientError error) noexcept {
  return {static_cast<int>(error), client_category()};
}

std::string Error::message() const {
  std::string text(name(step));
  if (!peer.empty()) text.append(": ").append(peer);
  return text.append(": ").append(reason.empty() ? code.message() : reason);
}

Failure::Failure(Error error)
    : std::runtime_error(error.message()),
      error_(std::make_shared<const Error>(std::move(error))) {}

}  // namespace duplex::client

#pragma once

#include <memory>
#include <utility>

#include "client/exchange.hpp"
#include "client/flow.hpp"
#include <duplex/base/task.hpp>
#include <duplex/client/request.hpp>
#include <duplex/client/response.hpp>
#include <duplex/client/result.hpp>

namespace duplex::client {

/// A response whose content is still to be read.
struct OpenedResponse {
  OpenedResponse(ResponseHead its_head, std::unique_ptr<Exchange> its_exchange) noexcept
      : head(std::move(its_head)), exchange(std::move(its_exchange)) {}
  ResponseHead head;
  std::unique_ptr<Exchange> exchange;
};

/// Asks for what `request` says, wherever it is redirected to, with the client's fields, cookies
/// and proxies.
Task<Result<OpenedResponse>> open_response(Flow& flow, std::shared_ptr<Request> request);

/// The same, with all of the content.
Task<Result<Response>> fetch(Flow& flow, std::shared_ptr<Request> request);

/// Reads up to so much of a response's content, for people: what is wrong on the way only ends it.
Task<Response> sample(OpenedResponse opened, std::size_t bytes_max);

}  // namespace duplex::client

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "client/flow.hpp"
#include <duplex/base/task.hpp>
#include <duplex/client/request.hpp>
#include <duplex/client/response.hpp>
#include <duplex/client/result.hpp>

namespace duplex::client {

/// Where a download goes, and how.
struct DownloadPlan {
  std::string path;
  bool resume = true;
  std::uint32_t retries_max = 0;
};

/// See `Client::download`.
Task<Result<Download>> download(Flow& flow, std::shared_ptr<Request> request, DownloadPlan plan);

}  // namespace duplex::client

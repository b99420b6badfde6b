#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "server/files_mount.hpp"
#include "server/incoming_request.hpp"
#include "server/path.hpp"
#include "server/router.hpp"
#include "server/websocket_route.hpp"
#include <duplex/base/task.hpp>
#include <duplex/server/handler.hpp>

namespace duplex::server {

/// What is to answer a request: exactly one of these.
struct Resolution {
  const Handler* handler = nullptr;
  const WebSocketRoute* websocket = nullptr;
  std::optional<Response> answer;
};

/// Everything that a server's users have registered: who answers what, and what stands before it.
/// Filled before the server runs; from then on read by all workers.
class Dispatcher {
 public:
  void add(http::Method method, std::string_view pattern, Handler handler);
  void add_websocket(std::string_view pattern, WebSocketEndpoint endpoint);
  void add_files(std::string_view prefix, const StaticFilesOptions& options);
  void use(std::string_view prefix, Middleware middleware);

  /// Finds who answers, and gives the request its parameters.
  Resolution resolve(IncomingRequest& incoming) const;

  /// What a filter answers in place of everything else; nullopt when all let it pass.
  std::optional<Response> filter(const Request& request) const;

  /// Whether a wrapper stands before this request.
  bool is_wrapped(const Request& request) const;

  /// The handler's function, when it is one and can be called as it is; else nullptr.
  static const Handler::Function* function(const Handler& handler) noexcept;
  /// Whether the handler reads the content itself.
  static bool reads_content(const Handler& handler) noexcept;

  /// Looks for the file of a folder that the request is for.
  using FindFile = std::function<FileResponse(const FilesMount&)>;

  /// Runs the wrappers, and at last `resolution`'s handler or answer; of a folder's file, what
  /// `find_file` finds, so that wrappers see what became of it. All arguments must outlive the
  /// task.
  Task<Response> run(Resolution& resolution, const Request& request, BodyReader& reader,
                     const FindFile& find_file) const;

 private:
  friend class Next;

  struct Layer {
    PathPrefix prefix;
    Middleware middleware;
  };

  const WebSocketRoute* find_websocket(IncomingRequest& incoming) const;
  static void add_parameters(const RouteMatch& match, IncomingRequest& incoming);
  const FilesMount* mount_of(const http::RequestHead& head) const noexcept;
  static Response unrouted(const http::RequestHead& head, http::MethodSet allowed);
  static Response answer_of(Resolution& resolution, const FindFile& find_file);
  static Task<Response> call(const Handler& handler, const Request& request, BodyReader& reader);

  Router router_;  // a route's number is its place in one of these
  std::vector<std::unique_ptr<const Handler>> handlers_;
  std::vector<std::unique_ptr<const WebSocketRoute>> websockets_;
  std::vector<std::unique_ptr<const FilesMount>> mounts_;
  std::vector<std::unique_ptr<const Layer>> layers_;
  bool has_filters_ = false;
  bool has_wrappers_ = false;
};

}  // namespace duplex::server

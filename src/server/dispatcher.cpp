#include "server/dispatcher.hpp"

#include <utility>

#include "server/response_access.hpp"
#include <duplex/http/method_set.hpp>
#include <duplex/http/percent.hpp>
#include <duplex/websocket/handshake.hpp>

namespace duplex::server {

namespace {

constexpr std::string_view upgrade_required =
    "This is a WebSocket endpoint: connect to it with ws:// or wss://, or ask for "
    "\"Upgrade: websocket\".\n";

/// Whether a request that names WebSocket in `Upgrade` asks for it (RFC 9110 section 7.8).
bool can_upgrade(const http::RequestHead& head) noexcept {
  return head.method == http::Method::get && head.version == http::Version::http_1_1 &&
         head.fields.lists("Connection", "upgrade");
}

}  // namespace

// ---------------------------------------------------------------------------- setting up

void Dispatcher::add(http::Method method, std::string_view pattern, Handler handler) {
  router_.add(method, pattern, handlers_.size());
  handlers_.push_back(std::make_unique<const Handler>(std::move(handler)));
}

void Dispatcher::add_websocket(std::string_view pattern, WebSocketEndpoint endpoint) {
  auto route = std::make_unique<const WebSocketRoute>(std::move(endpoint));
  router_.add_websocket(pattern, websockets_.size());
  websockets_.push_back(std::move(route));
}

void Dispatcher::add_files(std::string_view prefix, const StaticFilesOptions& options) {
  mounts_.push_back(std::make_unique<const FilesMount>(prefix, options));
}

void Dispatcher::use(std::string_view prefix, Middleware middleware) {
  const bool wraps = std::holds_alternative<Middleware::Wrapper>(middleware.callable_);
  layers_.push_back(
      std::make_unique<const Layer>(Layer{PathPrefix(prefix), std::move(middleware)}));
  (wraps ? has_wrappers_ : has_filters_) = true;
}

// ---------------------------------------------------------------------------- finding

Resolution Dispatcher::resolve(IncomingRequest& incoming) const {
  const http::RequestHead& head = incoming.request().head();
  const bool upgrading = websocket::wants_websocket(head);
  if (upgrading && can_upgrade(head)) {
    if (const auto* const endpoint = find_websocket(incoming))
      return {.websocket = endpoint, .answer = std::nullopt};
  }
  const RouteMatch match = router_.find(head.method, head.path);
  if (match) {
    add_parameters(match, incoming);
    return {.handler = handlers_[match.route()].get(), .answer = std::nullopt};
  }
  // What can't be an upgrade is a request as any other, where there is somebody for it; if not, the
  // endpoint says what is wrong with it.
  if (upgrading && head.method == http::Method::get) {
    if (const auto* const endpoint = find_websocket(incoming))
      return {.websocket = endpoint, .answer = std::nullopt};
  }
  const bool reads = head.method == http::Method::get || head.method == http::Method::head;
  const bool has_routes = match.outcome() == RouteMatch::Outcome::method_not_allowed;
  const bool has_endpoint = match.has_websocket();
  // What has no handler of its own may be a WebSocket endpoint, which is closer to the path than a
  // mounted folder, and is told so in HTTP's own words. For other methods than GET the path's own
  // routes know better what is allowed, than the endpoint and than a folder.
  if (has_endpoint && !upgrading && head.method != http::Method::options &&
      (reads || !has_routes)) {
    return {.answer = Response::upgrade_required(std::string(upgrade_required))};
  }
  const FilesMount* mount = mount_of(head);
  if (mount != nullptr && !has_endpoint && (reads || !has_routes)) {
    return {.answer = ResponseAccess::mounted(*mount)};
  }
  http::MethodSet allowed = match.allowed();
  if (has_endpoint) allowed.add(http::Method::get);
  return {.answer = unrouted(head, allowed)};
}

/// The endpoint of the path, with its parameters in `incoming`; nullptr when there is none.
const WebSocketRoute* Dispatcher::find_websocket(IncomingRequest& incoming) const {
  const RouteMatch match = router_.find_websocket(incoming.request().head().path);
  if (!match) return nullptr;
  add_parameters(match, incoming);
  return websockets_[match.route()].get();
}

/// The closest folder that the path leads into; nullptr when none does.
const FilesMount* Dispatcher::mount_of(const http::RequestHead& head) const noexcept {
  const FilesMount* closest = nullptr;
  // OPTIONS * is about the whole server (RFC 9110 section 9.3.7).
  if (head.path == "*") return closest;
  for (const auto& mount : mounts_) {
    if (mount->prefix.rest_of(head.path) &&
        (closest == nullptr || mount->prefix.segment_count() > closest->prefix.segment_count())) {
      closest = mount.get();
    }
  }
  return closest;
}

void Dispatcher::add_parameters(const RouteMatch& match, IncomingRequest& incoming) {
  for (std::size_t i = 0; i < match.names().size(); ++i) {
    auto value = http::percent_decode(match.values()[i]);
    incoming.add_parameter(match.names()[i], std::move(value).value_or(std::string()));
  }
}

/// For a path that nothing serves but by the methods `allowed`.
Response Dispatcher::unrouted(const http::RequestHead& head, http::MethodSet allowed) {
  using http::Method;
  if (head.method == Method::options && head.path == "*") {
    // For the server as a whole: what it understands.
    allowed = {Method::get, Method::head,  Method::post,
               Method::put, Method::patch, Method::delete_};
  }
  if (allowed.empty()) return Response::text("Not found.\n", http::Status::not_found);
  allowed.add(Method::options);
  if (head.method == Method::options) {
    return Response(http::Status::no_content).add_field("Allow", http::format_allow(allowed));
  }
  return Response::text("This method is not allowed here.\n", http::Status::method_not_allowed)
      .add_field("Allow", http::format_allow(allowed));
}

std::optional<Response> Dispatcher::filter(const Request& request) const {
  if (!has_filters_) return std::nullopt;
  for (const auto& layer : layers_) {
    const auto* filter = std::get_if<Middleware::Filter>(&layer->middleware.callable_);
    if (filter == nullptr || !layer->prefix.guards(request.path())) continue;
    if (auto answer = (*filter)(request)) return answer;
  }
  return std::nullopt;
}

bool Dispatcher::is_wrapped(const Request& request) const {
  if (!has_wrappers_) return false;
  for (const auto& layer : layers_) {
    if (std::holds_alternative<Middleware::Wrapper>(layer->middleware.callable_) &&
        layer->prefix.guards(request.path())) {
      return true;
    }
  }
  return false;
}

// ---------------------------------------------------------------------------- calling

const Handler::Function* Dispatcher::function(const Handler& handler) noexcept {
  return std::get_if<Handler::Function>(&handler.callable_);
}

bool Dispatcher::reads_content(const Handler& handler) noexcept {
  return std::holds_alternative<Handler::StreamingCoroutine>(handler.callable_);
}

Task<Response> Dispatcher::call(const Handler& handler, const Request& request,
                                BodyReader& reader) {
  if (const auto* coroutine = std::get_if<Handler::Coroutine>(&handler.callable_)) {
    co_return co_await (*coroutine)(request);
  }
  if (const auto* streaming = std::get_if<Handler::StreamingCoroutine>(&handler.callable_)) {
    co_return co_await (*streaming)(request, reader);
  }
  co_return std::get<Handler::Function>(handler.callable_)(request);
}

Response Dispatcher::answer_of(Resolution& resolution, const FindFile& find_file) {
  const auto* file =
      std::get_if<ResponseAccess::MountedFile>(&ResponseAccess::body(*resolution.answer));
  if (file == nullptr) return std::move(*resolution.answer);
  return ResponseAccess::mounted(*file->mount, find_file(*file->mount));
}

/// What stands before one request, from the outside in.
struct Next::Chain {
  std::vector<const Middleware::Wrapper*> wrappers;
  Resolution& resolution;
  const Request& request;
  BodyReader& reader;
  const Dispatcher::FindFile& find_file;

  static Task<Response> run(const Chain& chain, std::size_t position) {
    if (position < chain.wrappers.size()) {
      co_return co_await (*chain.wrappers[position])(chain.request, Next(chain, position + 1));
    }
    if (chain.resolution.handler == nullptr) {
      co_return Dispatcher::answer_of(chain.resolution, chain.find_file);
    }
    co_return co_await Dispatcher::call(*chain.resolution.handler, chain.request, chain.reader);
  }
};

Task<Response> Next::operator()() const {
  return Chain::run(*chain_, position_);
}

Task<Response> Dispatcher::run(Resolution& resolution, const Request& request, BodyReader& reader,
                               const FindFile& find_file) const {
  Next::Chain chain{{}, resolution, request, reader, find_file};
  for (const auto& layer : layers_) {
    const auto* wrapper = std::get_if<Middleware::Wrapper>(&layer->middleware.callable_);
    if (wrapper != nullptr && layer->prefix.guards(request.path())) {
      chain.wrappers.push_back(wrapper);
    }
  }
  co_return co_await Next::Chain::run(chain, 0);
}

}  // namespace duplex::server

#include "server/dispatcher.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "server/http1_connection.hpp"
#include "server/response_access.hpp"
#include "tests/server/request_support.hpp"
#include "tests/server/static_files/temporary_folder.hpp"

namespace duplex::server {
namespace {

using http::Method;
using http::Status;

/// A handler that answers with a word.
auto say(std::string word) {
  return [word = std::move(word)](const Request&) { return Response::text(word); };
}

/// What a request comes to: the handler's word, "websocket", "files", or the status of an answer.
std::string outcome(const Dispatcher& dispatcher, const std::string& text) {
  ParsedRequest parsed(text);
  Resolution resolution = dispatcher.resolve(parsed.incoming);
  if (resolution.websocket != nullptr) return "websocket";
  if (resolution.handler != nullptr) {
    Response response = (*Dispatcher::function(*resolution.handler))(parsed.request());
    return std::get<std::string>(ResponseAccess::body(response));
  }
  if (std::holds_alternative<ResponseAccess::MountedFile>(
          ResponseAccess::body(*resolution.answer))) {
    return "files";
  }
  std::string told = std::to_string(static_cast<int>(resolution.answer->status()));
  if (const auto allow = resolution.answer->fields().find("Allow")) {
    told.append(" ").append(*allow);
  }
  if (const auto upgrade = resolution.answer->fields().find("Upgrade")) {
    told.append(" ").append(*upgrade);
  }
  return told;
}

std::string get(std::string_view target) {
  return ParsedRequest::text("GET", target);
}

std::string upgrade(std::string_view target) {
  return ParsedRequest::text("GET", target, upgrade_lines);
}

/// Runs the chain before and with the handler of a request, which never waits.
Response run(const Dispatcher& dispatcher, ParsedRequest& parsed) {
  Resolution resolution = dispatcher.resolve(parsed.incoming);
  // A reader that nobody reads from needs no connection, but only its address.
  alignas(Http1Connection) static std::array<std::byte, sizeof(Http1Connection)> nowhere;
  BodyReader reader(reinterpret_cast<Http1Connection&>(nowhere));
  const Dispatcher::FindFile find_file = [](const FilesMount&) {
    FileResponse file;
    file.status = Status::not_found;
    return file;
  };
  Task<Response> task = dispatcher.run(resolution, parsed.request(), reader, find_file);
  task.start();
  if (!task.done()) throw std::logic_error("a handler of this test waits");
  return task.result();
}

std::string word(Response response) {
  return std::get<std::string>(ResponseAccess::body(response));
}

TEST(Dispatcher, FindsHandlersByMethodAndPath) {
  Dispatcher dispatcher;
  dispatcher.add(Method::get, "/a", say("get a"));
  dispatcher.add(Method::post, "/a", say("post a"));
  dispatcher.add(Method::get, "/a/{x}", say("get below"));
  EXPECT_EQ(outcome(dispatcher, get("/a")), "get a");
  EXPECT_EQ(outcome(dispatcher, get("/a?b")), "get a");
  EXPECT_EQ(outcome(dispatcher, ParsedRequest::text("HEAD", "/a")), "get a");
  EXPECT_EQ(outcome(dispatcher, ParsedRequest::text("POST", "/a")), "post a");
  EXPECT_EQ(outcome(dispatcher, get("/a/b")), "get below");
  EXPECT_EQ(outcome(dispatcher, get("/b")), "404");
  EXPECT_EQ(outcome(dispatcher, get("http://example.com/a")), "get a");
}

TEST(Dispatcher, DecodesParameters) {
  Dispatcher dispatcher;
  dispatcher.add(Method::get, "/{user}/files/{rest...}", say("x"));
  ParsedRequest parsed(get("/J%C3%BCrgen/files/a%20b/c"));
  EXPECT_NE(dispatcher.resolve(parsed.incoming).handler, nullptr);
  EXPECT_EQ(parsed.request().param("user"), "J\xC3\xBCrgen");
  EXPECT_EQ(parsed.request().param("rest"), "a b/c");
}

TEST(Dispatcher, TellsWhichMethodsAPathAllows) {
  Dispatcher dispatcher;
  dispatcher.add(Method::get, "/a", say("get"));
  dispatcher.add(Method::put, "/a", say("put"));
  dispatcher.add(Method::options, "/own", say("own options"));
  EXPECT_EQ(outcome(dispatcher, ParsedRequest::text("DELETE", "/a")),
            "405 GET, HEAD, PUT, OPTIONS");
  EXPECT_EQ(outcome(dispatcher, ParsedRequest::text("OPTIONS", "/a")),
            "204 GET, HEAD, PUT, OPTIONS");
  EXPECT_EQ(outcome(dispatcher, ParsedRequest::text("OPTIONS", "/own")), "own options");
  EXPECT_EQ(outcome(dispatcher, ParsedRequest::text("OPTIONS", "/none")), "404");
  EXPECT_EQ(outcome(dispatcher, ParsedRequest::text("OPTIONS", "*")),
            "204 GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH");
}

TEST(Dispatcher, TellsWebSocketsFromRequests) {
  Dispatcher dispatcher;
  dispatcher.add_websocket("/only", {});
  dispatcher.add_websocket("/both", {});
  dispatcher.add(Method::get, "/both", say("page"));
  EXPECT_EQ(outcome(dispatcher, upgrade("/only")), "websocket");
  EXPECT_EQ(outcome(dispatcher, upgrade("/both")), "websocket");
  EXPECT_EQ(outcome(dispatcher, get("/both")), "page");
  EXPECT_EQ(outcome(dispatcher, get("/only")), "426 websocket");
  EXPECT_EQ(outcome(dispatcher, ParsedRequest::text("POST", "/only")), "426 websocket");
  EXPECT_EQ(outcome(dispatcher, upgrade("/none")), "404");
}

TEST(Dispatcher, CountsAWebSocketEndpointAmongWhatAPathAllows) {
  Dispatcher dispatcher;
  dispatcher.add_websocket("/only", {});
  dispatcher.add_websocket("/put", {});
  dispatcher.add(Method::put, "/put", say("put"));
  dispatcher.add_websocket("/page", {});
  dispatcher.add(Method::get, "/page", say("page"));
  const struct {
    const char* method;
    const char* target;
    const char* plainly;
    const char* upgrading;
  } cases[] = {
      {"GET", "/only", "426 websocket", "websocket"},
      {"HEAD", "/only", "426 websocket", "405 GET, OPTIONS"},
      {"POST", "/only", "426 websocket", "405 GET, OPTIONS"},
      {"OPTIONS", "/only", "204 GET, OPTIONS", "204 GET, OPTIONS"},
      {"GET", "/put", "426 websocket", "websocket"},
      {"PUT", "/put", "put", "put"},
      {"POST", "/put", "405 GET, PUT, OPTIONS", "405 GET, PUT, OPTIONS"},
      {"OPTIONS", "/put", "204 GET, PUT, OPTIONS", "204 GET, PUT, OPTIONS"},
      {"GET", "/page", "page", "websocket"},
      {"HEAD", "/page", "page", "page"},
      {"POST", "/page", "405 GET, HEAD, OPTIONS", "405 GET, HEAD, OPTIONS"},
      {"OPTIONS", "/page", "204 GET, HEAD, OPTIONS", "204 GET, HEAD, OPTIONS"},
  };
  for (const auto& [method, target, plainly, upgrading] : cases) {
    SCOPED_TRACE(std::string(method) + " " + target);
    EXPECT_EQ(outcome(dispatcher, ParsedRequest::text(method, target)), plainly);
    EXPECT_EQ(outcome(dispatcher, ParsedRequest::text(method, target, upgrade_lines)), upgrading);
  }
}

TEST(Dispatcher, AnswersAnUpgradeWhereThereIsNoneAsAnyRequest) {
  Dispatcher dispatcher;
  dispatcher.add(Method::get, "/page", say("page"));
  EXPECT_EQ(outcome(dispatcher, upgrade("/page")), "page");
}

TEST(Dispatcher, GivesWhatCanNotBeAnUpgradeToTheRoutesOfItsPath) {
  Dispatcher dispatcher;
  dispatcher.add(Method::get, "/both", say("page"));
  dispatcher.add(Method::post, "/both", say("posted"));
  dispatcher.add_websocket("/both",
                           {.on_message = [](connection::WebSocket&, connection::Message) {}});
  dispatcher.add_websocket("/only",
                           {.on_message = [](connection::WebSocket&, connection::Message) {}});
  EXPECT_EQ(outcome(dispatcher, upgrade("/both")), "websocket");
  EXPECT_EQ(outcome(dispatcher, ParsedRequest::text("POST", "/both", upgrade_lines)), "posted");
  EXPECT_EQ(outcome(dispatcher, ParsedRequest::text("HEAD", "/both", upgrade_lines)), "page");
  std::string old = upgrade("/both");
  old.replace(old.find("HTTP/1.1"), 8, "HTTP/1.0");
  EXPECT_EQ(outcome(dispatcher, old), "page");
  const std::array<std::string_view, 1> half{"Upgrade: websocket"};
  EXPECT_EQ(outcome(dispatcher, ParsedRequest::text("GET", "/both", half)), "page");
  // Where there is nobody else, the endpoint says what is wrong.
  old = upgrade("/only");
  old.replace(old.find("HTTP/1.1"), 8, "HTTP/1.0");
  EXPECT_EQ(outcome(dispatcher, old), "websocket");
}

TEST(Dispatcher, TellsWhatTheServerUnderstandsWhateverIsMounted) {
  Dispatcher dispatcher;
  const TemporaryFolder folder;
  dispatcher.add_files("/", {.folder = folder.path()});
  EXPECT_EQ(outcome(dispatcher, ParsedRequest::text("OPTIONS", "*")),
            "204 GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH");
}

TEST(Dispatcher, PrefersRoutesToFoldersAndTheCloserFolder) {
  const TemporaryFolder folder;
  Dispatcher dispatcher;
  dispatcher.add_files("/", {.folder = folder.path()});
  dispatcher.add_files("/static", {.folder = folder.path()});
  dispatcher.add(Method::get, "/static/live", say("live"));
  dispatcher.add(Method::post, "/form", say("form"));
  dispatcher.add_websocket("/ws", {});
  EXPECT_EQ(outcome(dispatcher, get("/static/live")), "live");
  EXPECT_EQ(outcome(dispatcher, get("/form")), "files");
  EXPECT_EQ(outcome(dispatcher, ParsedRequest::text("DELETE", "/form")), "405 POST, OPTIONS");
  EXPECT_EQ(outcome(dispatcher, get("/ws")), "426 websocket");
  EXPECT_EQ(outcome(dispatcher, ParsedRequest::text("POST", "/x")), "files");

  const auto mount = [&](std::string_view target) {
    ParsedRequest parsed(get(target));
    Resolution resolution = dispatcher.resolve(parsed.incoming);
    return std::get<ResponseAccess::MountedFile>(ResponseAccess::body(*resolution.answer))
        .mount->prefix.segment_count();
  };
  EXPECT_EQ(mount("/static/x"), 1u);
  EXPECT_EQ(mount("/%73tatic/x"), 1u);
  EXPECT_EQ(mount("/statics"), 0u);
  EXPECT_EQ(mount("/x"), 0u);
}

TEST(Dispatcher, AsksFiltersInTheirOrderUntilOneAnswers) {
  Dispatcher dispatcher;
  std::vector<std::string> asked;
  const auto filter = [&](std::string name, bool answers) {
    return [&asked, name, answers](const Request&) -> std::optional<Response> {
      asked.push_back(name);
      if (answers) return Response::text(name);
      return std::nullopt;
    };
  };
  dispatcher.use("/", filter("first", false));
  dispatcher.use("/admin", filter("second", true));
  dispatcher.use("/admin", filter("third", true));

  ParsedRequest admin(get("/admin/x"));
  auto answer = dispatcher.filter(admin.request());
  ASSERT_TRUE(answer);
  EXPECT_EQ(word(std::move(*answer)), "second");
  EXPECT_EQ(asked, (std::vector<std::string>{"first", "second"}));

  asked.clear();
  ParsedRequest elsewhere(get("/elsewhere"));
  EXPECT_FALSE(dispatcher.filter(elsewhere.request()));
  EXPECT_EQ(asked, (std::vector<std::string>{"first"}));
}

// What stands before /admin must not be passed by spelling it otherwise.
TEST(Dispatcher, PutsMiddlewareBeforeEverySpellingOfItsPrefix) {
  Dispatcher dispatcher;
  dispatcher.use("/admin", [](const Request&) -> std::optional<Response> {
    return Response(Status::forbidden);
  });
  dispatcher.use("/admin",
                 [](const Request&, Next next) -> Task<Response> { co_return co_await next(); });
  const struct {
    const char* target;
    bool guarded;
  } cases[] = {
      {"/admin", true},
      {"/admin/", true},
      {"/admin?x", true},
      {"/%61dmin", true},
      {"/%61%64min/x", true},
      {"/admi%6E/x", true},
      {"/admin/x", true},
      {"/Admin", false},
      {"/administer", false},
      {"/x/admin", false},
      {"/", false},
      {"/admin%2Fx", true},
      {"http://example.com/admin", true},
  };
  for (const auto& [target, guarded] : cases) {
    SCOPED_TRACE(target);
    ParsedRequest parsed(get(target));
    EXPECT_EQ(dispatcher.filter(parsed.request()).has_value(), guarded);
    EXPECT_EQ(dispatcher.is_wrapped(parsed.request()), guarded);
  }
}

// However a path is read, by routes or by folders, its guard reads it the same way or more
// strictly.
TEST(Dispatcher, ReachesNoRouteBelowAPrefixThatItsGuardDoesNotSee) {
  Dispatcher dispatcher;
  dispatcher.add(Method::get, "/admin/{rest...}", say("secret"));
  dispatcher.add(Method::get, "/admin", say("secret"));
  dispatcher.use("/admin", [](const Request&) -> std::optional<Response> {
    return Response(Status::forbidden);
  });
  for (const char* target : {"/admin%2Fx", "/admin%2fx/y", "/%61dmin%2F", "//admin", "/./admin",
                             "/x/../admin", "/%2e/admin", "/admin/%2e%2e/admin"}) {
    SCOPED_TRACE(target);
    ParsedRequest parsed(get(target));
    const bool reached = dispatcher.resolve(parsed.incoming).handler != nullptr;
    EXPECT_TRUE(!reached || dispatcher.filter(parsed.request()).has_value());
  }
}

TEST(Dispatcher, WrapsFromTheOutsideIn) {
  Dispatcher dispatcher;
  const auto wrap = [](std::string name) {
    return [name](const Request&, Next next) -> Task<Response> {
      Response response = co_await next();
      response = Response::text(name + "(" + word(std::move(response)) + ")");
      co_return response;
    };
  };
  dispatcher.use("/", wrap("a"));
  dispatcher.use("/deep", wrap("b"));
  dispatcher.use("/", wrap("c"));
  dispatcher.add(Method::get, "/deep/x", say("x"));
  dispatcher.add(Method::get, "/y",
                 [](const Request&) -> Task<Response> { co_return Response::text("y"); });
  dispatcher.add(Method::get, "/z", [](const Request&, BodyReader&) -> Task<Response> {
    co_return Response::text("z");
  });
  ParsedRequest deep(get("/deep/x"));
  EXPECT_TRUE(dispatcher.is_wrapped(deep.request()));
  EXPECT_EQ(word(run(dispatcher, deep)), "a(b(c(x)))");
  ParsedRequest shallow(get("/y"));
  EXPECT_EQ(word(run(dispatcher, shallow)), "a(c(y))");
  ParsedRequest streaming(get("/z"));
  EXPECT_EQ(word(run(dispatcher, streaming)), "a(c(z))");
  ParsedRequest unrouted(get("/none"));
  EXPECT_EQ(word(run(dispatcher, unrouted)), "a(c(Not found.\n))");
}

TEST(Dispatcher, LetsAWrapperAnswerByItself) {
  Dispatcher dispatcher;
  bool reached = false;
  dispatcher.use("/", [](const Request& request, Next next) -> Task<Response> {
    if (!request.field("Authorization")) co_return Response(Status::unauthorized);
    co_return co_await next();
  });
  dispatcher.add(Method::get, "/", [&reached](const Request&) {
    reached = true;
    return Response::text("in");
  });
  ParsedRequest without(get("/"));
  EXPECT_EQ(run(dispatcher, without).status(), Status::unauthorized);
  EXPECT_FALSE(reached);
  ParsedRequest with(ParsedRequest::text("GET", "/", {"Authorization: x"}));
  EXPECT_EQ(word(run(dispatcher, with)), "in");
}

TEST(Dispatcher, PassesExceptionsThroughItsWrappers) {
  Dispatcher dispatcher;
  dispatcher.use("/caught", [](const Request&, Next next) -> Task<Response> {
    try {
      co_return co_await next();
    } catch (const std::runtime_error& error) {
      co_return Response::text(error.what());
    }
  });
  dispatcher.add(Method::get, "/{rest...}",
                 [](const Request&) -> Response { throw std::runtime_error("thrown"); });
  ParsedRequest caught(get("/caught"));
  EXPECT_EQ(word(run(dispatcher, caught)), "thrown");
  ParsedRequest uncaught(get("/uncaught"));
  EXPECT_THROW(run(dispatcher, uncaught), std::runtime_error);
}

TEST(Dispatcher, RefusesWhatIsRegisteredTwiceOrWrongly) {
  Dispatcher dispatcher;
  dispatcher.add(Method::get, "/a", say("x"));
  EXPECT_THROW(dispatcher.add(Method::get, "/a", say("y")), std::invalid_argument);
  EXPECT_THROW(dispatcher.add(Method::get, "a", say("y")), std::invalid_argument);
  EXPECT_THROW(dispatcher.use("admin", [](const Request&) { return std::optional<Response>(); }),
               std::invalid_argument);
  EXPECT_THROW(dispatcher.add_files("/f", {.folder = "/no/such/folder"}), std::system_error);
  dispatcher.add_websocket("/a", {});
  EXPECT_THROW(dispatcher.add_websocket("/a", {}), std::invalid_argument);
  // What was refused has left nothing behind.
  EXPECT_EQ(outcome(dispatcher, get("/a")), "x");
  EXPECT_EQ(outcome(dispatcher, upgrade("/a")), "websocket");
}

}  // namespace
}  // namespace duplex::server

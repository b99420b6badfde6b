#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/server/asking.hpp"
#include "tests/server/request_support.hpp"
#include "tests/server/static_files/temporary_folder.hpp"
#include <duplex/duplex.hpp>

/// What handlers say of the files that they answer with, and what becomes of it.
namespace duplex::server {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class FileAnswers : public Asking {
 public:
  FileAnswers() { folder.write("page.html", "0123456789"); }

  Response page() const { return Response::file(folder / "page.html"); }

  TemporaryFolder folder;
};

TEST_F(FileAnswers, HaveNoConditionsAndRangesWithAnotherStatus) {
  server.get("/", [this](const Request&) {
    return page().set_status(http::Status::not_found).set_field("ETag", "\"mine\"");
  });
  const std::string plain = ask("GET", "/");
  EXPECT_THAT(plain, AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("text/html"),
                           EndsWith("\r\n\r\n0123456789")));
  for (const char* lines : {"If-None-Match: *\r\n", "If-Match: \"no\"\r\n", "Range: bytes=0-3\r\n",
                            "Range: bytes=99-\r\n"}) {
    EXPECT_THAT(ask("GET", "/", lines),
                AllOf(StartsWith("HTTP/1.1 404 "), EndsWith("\r\n\r\n0123456789")))
        << lines;
  }
  EXPECT_THAT(ask("HEAD", "/"), AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("text/html"),
                                      HasSubstr("Content-Length: 10\r\n")));
}

TEST_F(FileAnswers, HaveNoConditionsBehindWhatIsDone) {
  server.post("/", [this](const Request&) { return page(); });
  EXPECT_THAT(ask("POST", "/", "Content-Length: 0\r\nIf-None-Match: *\r\nRange: bytes=0-3\r\n"),
              AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("\r\n\r\n0123456789")));
}

TEST_F(FileAnswers, VaryByWhatTheHandlerSaysToo) {
  folder.write("page.html.gz", "gz");
  server.files("/", {.folder = folder.path()});
  server.use([](const Request&, Next next) -> Task<Response> {
    Response response = co_await next();
    response.add_field("Vary", "Origin");
    co_return response;
  });
  EXPECT_THAT(ask("GET", "/page.html"),
              AllOf(HasSubstr("Vary: Accept-Encoding\r\n"), HasSubstr("Vary: Origin\r\n")));
}

TEST_F(FileAnswers, KeepTheHandlersMediaTypeInEachPart) {
  server.get("/", [this](const Request&) { return page().set_field("Content-Type", "video/mp4"); });
  EXPECT_THAT(ask("GET", "/", "Range: bytes=0-1,8-9\r\n"),
              AllOf(StartsWith("HTTP/1.1 206 "),
                    HasSubstr("\r\nContent-Type: multipart/byteranges; boundary="),
                    HasSubstr("Content-Type: video/mp4\r\n"), Not(HasSubstr("text/html"))));
  EXPECT_THAT(ask("GET", "/", "Range: bytes=0-1\r\n"), HasSubstr("Content-Type: video/mp4\r\n"));
}

TEST_F(FileAnswers, AreComparedByTheHandlersOwnValidators) {
  server.get("/", [this](const Request&) {
    return page()
        .set_field("ETag", "\"mine\"")
        .set_field("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT");
  });
  EXPECT_THAT(ask("GET", "/", "If-None-Match: \"mine\"\r\n"), StartsWith("HTTP/1.1 304 "));
  EXPECT_THAT(ask("GET", "/", "If-Match: \"mine\"\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask("GET", "/", "If-Range: \"mine\"\r\nRange: bytes=0-1\r\n"),
              StartsWith("HTTP/1.1 206 "));
  EXPECT_THAT(ask("GET", "/", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
              StartsWith("HTTP/1.1 304 "));
}

TEST_F(FileAnswers, LeaveOutWhatWasSaidOfContentThatIsNotSent) {
  server.get("/", [this](const Request&) {
    return Response::file(folder / "missing")
        .set_field("Content-Encoding", "gzip")
        .set_field("content-disposition", "attachment")
        .set_field("Cache-Control", "max-age=31536000, immutable")
        .set_field("Content-Security-Policy", "default-src 'self'");
  });
  EXPECT_THAT(ask("GET", "/"),
              AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("Content-Security-Policy"),
                    Not(HasSubstr("gzip")), Not(HasSubstr("attachment")),
                    Not(HasSubstr("immutable")), EndsWith("Not Found.\n")));
}

// A program's own page for what a folder does not have.
TEST_F(FileAnswers, ShowAWrapperTheStatusOfAMountedFile) {
  folder.write("folder/index.html", "index");
  server.files("/", {.folder = folder.path()});
  server.use([](const Request&, Next next) -> Task<Response> {
    Response response = co_await next();
    if (response.status() == http::Status::not_found) {
      co_return Response::html("own page", http::Status::not_found);
    }
    response.set_field("X-Status", std::to_string(http::code(response.status())));
    co_return response;
  });
  EXPECT_THAT(ask("GET", "/missing"),
              AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("Content-Type: text/html"),
                    EndsWith("\r\n\r\nown page")));
  EXPECT_THAT(ask("HEAD", "/missing"),
              AllOf(HasSubstr("Content-Length: 8\r\n"), EndsWith("\r\n\r\n")));
  const std::string whole = ask("GET", "/page.html");
  EXPECT_THAT(whole, AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("X-Status: 200\r\n"),
                           EndsWith("\r\n\r\n0123456789")));
  EXPECT_THAT(
      ask("GET", "/page.html", "Range: bytes=2-3\r\n"),
      AllOf(StartsWith("HTTP/1.1 206 "), HasSubstr("X-Status: 206\r\n"), EndsWith("\r\n\r\n23")));
  EXPECT_THAT(ask("GET", "/page.html", "If-None-Match: *\r\n"),
              AllOf(StartsWith("HTTP/1.1 304 "), HasSubstr("X-Status: 304\r\n")));
  EXPECT_THAT(ask("GET", "/page.html", "If-Match: \"no\"\r\n"),
              AllOf(StartsWith("HTTP/1.1 412 "), HasSubstr("X-Status: 412\r\n"),
                    EndsWith("\r\n\r\nPrecondition Failed.\n")));
  EXPECT_THAT(ask("GET", "/folder"), AllOf(StartsWith("HTTP/1.1 301 "), HasSubstr("X-Status: 301"),
                                           HasSubstr("Location: /folder/\r\n")));
  EXPECT_THAT(ask("GET", "/folder/"), AllOf(HasSubstr("X-Status: 200"), EndsWith("index")));
  EXPECT_THAT(ask("POST", "/page.html", "Content-Length: 0\r\n"),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("X-Status: 405\r\n"),
                    HasSubstr("Allow: GET, HEAD, OPTIONS\r\n")));
}

TEST_F(FileAnswers, MayBeGivenAnotherStatusByAWrapper) {
  folder.write("large.bin", std::string(100'000, 'l'));
  server.files("/", {.folder = folder.path()});
  server.use([](const Request& request, Next next) -> Task<Response> {
    Response response = co_await next();
    const auto status = request.query("status");
    if (status) response.set_status(static_cast<http::Status>(std::stoi(*status)));
    co_return response;
  });
  EXPECT_THAT(ask("GET", "/large.bin"), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("lll")));
  EXPECT_THAT(ask("GET", "/page.html?status=503"),
              AllOf(StartsWith("HTTP/1.1 503 "), EndsWith("\r\n\r\n0123456789")));
  EXPECT_THAT(ask("GET", "/missing?status=410"),
              AllOf(StartsWith("HTTP/1.1 410 "), EndsWith("\r\n\r\nGone.\n")));
  // What is no content can't become some.
  EXPECT_THAT(ask("GET", "/missing?status=200"),
              AllOf(StartsWith("HTTP/1.1 404 "), EndsWith("\r\n\r\nNot Found.\n")));
  EXPECT_THAT(ask("GET", "/page.html?status=200", "Range: bytes=2-3\r\n"),
              AllOf(StartsWith("HTTP/1.1 206 "), EndsWith("\r\n\r\n23")));
}

TEST_F(FileAnswers, AreNotLookedForBeforeAWrapperAsks) {
  server.files("/", {.folder = folder.path(), .revalidate_ms = 0});
  server.use([this](const Request&, Next next) -> Task<Response> {
    folder.write("late.txt", "late");
    co_return co_await next();
  });
  EXPECT_THAT(ask("GET", "/late.txt"), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("late")));
}

}  // namespace
}  // namespace duplex::server

#include "server/static_files/static_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "tests/server/static_files/temporary_folder.hpp"

namespace duplex::server {
namespace {

using http::Method;
using http::Status;
using std::chrono::system_clock;
using testing::HasSubstr;
using testing::Not;
using Lines = std::vector<http::FieldView>;

constexpr auto modified = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::int64_t modified_unix_s = 784111777;
const system_clock::time_point now = system_clock::now() + std::chrono::hours(1);

/// The content as it would go over the wire.
std::string content_of(const FileResponse& response) {
  struct Visitor {
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(const BytesSlice& slice) const {
      return std::string(as_text(slice.bytes.bytes().subspan(slice.offset, slice.length)));
    }
    std::string operator()(const connection::FileRange& range) const {
      std::string text(range.length, '\0');
      const ssize_t count =
          ::pread(range.file->number(), text.data(), text.size(), static_cast<off_t>(range.offset));
      EXPECT_EQ(count, static_cast<ssize_t>(range.length));
      return text;
    }
  };
  std::string content;
  for (const FileResponse::Piece& piece : response.pieces) content += std::visit(Visitor(), piece);
  return content;
}

class StaticFilesTest : public testing::Test {
 protected:
  FileResponse respond(std::string_view path, const Lines& lines = {},
                       Method method = Method::get) {
    const StaticFiles files(options());
    http::RequestHead head;
    head.method = method;
    head.target = path;
    head.path = path.substr(0, path.find('?'));
    if (head.path.size() < path.size()) head.query = path.substr(head.path.size() + 1);
    head.fields = http::FieldsView(lines);
    FileCache cache;
    FileResponse response = files.respond(head, head.path, cache, now);
    if (method == Method::get) {
      EXPECT_EQ(content_of(response).size(), response.content_length) << path;
    }
    return response;
  }

  std::string content(std::string_view path, const Lines& lines = {}) {
    return content_of(respond(path, lines));
  }

  StaticFilesOptions options() const {
    StaticFilesOptions result = options_;
    result.folder = folder.path();
    return result;
  }

  std::string tag(std::string_view path, const Lines& lines = {}) {
    return std::string(*respond(path, lines).fields.find("ETag"));
  }

  TemporaryFolder folder;
  StaticFilesOptions options_;
};

TEST_F(StaticFilesTest, ServesAFileWithAllItsFields) {
  folder.write("css/a.css", "body {}");
  folder.touch("css/a.css", modified_unix_s);
  const FileResponse response = respond("/css/a.css?v=1");
  EXPECT_EQ(response.status, Status::ok);
  EXPECT_EQ(content_of(response), "body {}");
  EXPECT_EQ(response.content_length, 7u);
  EXPECT_EQ(response.fields.find("Content-Type"), "text/css; charset=utf-8");
  EXPECT_EQ(response.fields.find("Last-Modified"), modified);
  EXPECT_EQ(response.fields.find("Accept-Ranges"), "bytes");
  EXPECT_EQ(response.fields.find("X-Content-Type-Options"), "nosniff");
  EXPECT_THAT(std::string(*response.fields.find("ETag")), testing::MatchesRegex("\"[0-9a-f-]+\""));
  for (const char* absent : {"Cache-Control", "Vary", "Content-Encoding", "Content-Range"}) {
    EXPECT_FALSE(response.fields.contains(absent)) << absent;
  }
}

TEST_F(StaticFilesTest, ServesLargeFilesFromTheirDescriptor) {
  const std::string large(100'000, 'x');
  folder.write("large.bin", large);
  const FileResponse response = respond("/large.bin");
  ASSERT_EQ(response.pieces.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<connection::FileRange>(response.pieces[0]));
  EXPECT_EQ(content_of(response), large);
  EXPECT_EQ(content("/large.bin", {{"Range", "bytes=99990-"}}), "xxxxxxxxxx");
}

TEST_F(StaticFilesTest, AnEmptyFileIsAFile) {
  folder.write("empty.txt", "");
  const FileResponse response = respond("/empty.txt");
  EXPECT_EQ(response.status, Status::ok);
  EXPECT_TRUE(response.pieces.empty());
  EXPECT_EQ(respond("/empty.txt", {{"Range", "bytes=0-"}}).status, Status::range_not_satisfiable);
  EXPECT_EQ(respond("/empty.txt", {{"Range", "bytes=-1"}}).status, Status::ok);
}

TEST_F(StaticFilesTest, HeadHasTheFieldsAndLengthOfGet) {
  folder.write("a.txt", "hello");
  const FileResponse head = respond("/a.txt", {{"Range", "bytes=0-0"}}, Method::head);
  EXPECT_EQ(head.status, Status::ok);
  EXPECT_EQ(head.content_length, 5u);
  EXPECT_TRUE(head.pieces.empty());
  EXPECT_EQ(head.fields.find("ETag"), tag("/a.txt"));
}

TEST_F(StaticFilesTest, OtherMethodsAreNotAllowed) {
  folder.write("a.txt", "hello");
  for (Method method : {Method::post, Method::put, Method::delete_, Method::patch, Method::trace}) {
    const FileResponse response = respond("/a.txt", {}, method);
    EXPECT_EQ(response.status, Status::method_not_allowed);
    EXPECT_EQ(response.fields.find("Allow"), "GET, HEAD, OPTIONS");
  }
  EXPECT_EQ(respond("/a.txt", {}, Method::options).status, Status::no_content);
  EXPECT_EQ(respond("/a.txt", {}, Method::options).fields.find("Allow"), "GET, HEAD, OPTIONS");
}

TEST_F(StaticFilesTest, ThereIsNoWayOut) {
  const TemporaryFolder outside;
  outside.write("secret", "secret");
  outside.write("folder/index.html", "secret");
  folder.write("a.txt", "hello");
  folder.write("sub/b.txt", "hello");
  folder.write("sub/..c/d", "secret");
  folder.write(".hidden", "secret");
  folder.write(".git/config", "secret");
  folder.write("sub/.env", "secret");
  folder.link(outside / "secret", "link-out");
  folder.link(outside.path().string(), "folder-out");
  folder.link("../" + outside.path().filename().string() + "/secret", "up-link");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  options_.list = true;

  const std::string up = "/../" + outside.path().filename().string() + "/secret";
  for (const std::string& path : std::vector<std::string>{up,
                                                          "/sub/.." + up,
                                                          "/%2e%2e" + up.substr(3),
                                                          "/%2E%2E%2f" + up.substr(4),
                                                          "/..%2f" + up.substr(4),
                                                          "/.%2e" + up.substr(3),
                                                          "/%252e%252e" + up.substr(3),
                                                          "/..%252f" + up.substr(4),
                                                          "/sub%2fb.txt",
                                                          "/sub%2Fb.txt",
                                                          "/sub%252fb.txt",
                                                          "/sub/../a.txt",
                                                          "/sub/./b.txt",
                                                          "/./a.txt",
                                                          "/.",
                                                          "/..",
                                                          "/sub/..",
                                                          "/sub/.",
                                                          "/..\\a.txt",
                                                          "//a.txt",
                                                          "//etc/passwd",
                                                          "/sub//b.txt",
                                                          "//",
                                                          "/etc/passwd",
                                                          "/a.txt%00",
                                                          "/a.txt%00.html",
                                                          "/%00",
                                                          "/%",
                                                          "/a%2",
                                                          "/%zz",
                                                          "/.hidden",
                                                          "/%2ehidden",
                                                          "/.git/config",
                                                          "/.git",
                                                          "/.git/",
                                                          "/sub/.env",
                                                          "/sub/%2eenv",
                                                          "/sub/..c/d",
                                                          "/link-out",
                                                          "/folder-out",
                                                          "/folder-out/",
                                                          "/folder-out/secret",
                                                          "/folder-out/folder",
                                                          "/folder-out/folder/",
                                                          "/folder-out/folder/index.html",
                                                          "/up-link",
                                                          "/pipe",
                                                          "/a.txt/",
                                                          "/a.txt/b",
                                                          "/missing",
                                                          "/" + std::string(5000, 'a')}) {
    const FileResponse response = respond(path, {{"Accept", "text/html"}});
    EXPECT_EQ(response.status, Status::not_found) << path;
    EXPECT_EQ(content_of(response), "") << path;
  }
}

TEST_F(StaticFilesTest, FollowsLinksThatStayInside) {
  folder.write("v2/a.txt", "hello");
  folder.link("v2", "current");
  folder.link("v2/a.txt", "b.txt");
  EXPECT_EQ(content("/current/a.txt"), "hello");
  EXPECT_EQ(content("/b.txt"), "hello");
}

TEST_F(StaticFilesTest, DecodesNames) {
  folder.write("caf\xc3\xa9 #1%.txt", "hello");
  EXPECT_EQ(content("/caf%C3%A9%20%231%25.txt"), "hello");
}

TEST_F(StaticFilesTest, NoticesAChangeAtOnceWhenItLooksEachTime) {
  options_.revalidate_ms = 0;
  folder.write("a.txt", "first");
  const StaticFiles files(options());
  FileCache cache;
  http::RequestHead head;
  head.path = "/a.txt";
  EXPECT_EQ(content_of(files.respond(head, "/a.txt", cache, now)), "first");
  const std::string before = tag("/a.txt");
  folder.write("a.txt", "again");
  EXPECT_EQ(content_of(files.respond(head, "/a.txt", cache, now)), "again");
  EXPECT_NE(tag("/a.txt"), before);
  std::filesystem::remove(folder / "a.txt");
  EXPECT_EQ(files.respond(head, "/a.txt", cache, now).status, Status::not_found);
}

TEST_F(StaticFilesTest, NoticesAChangeWhenItLooksAgain) {
  options_.revalidate_ms = 50;
  for (const std::size_t size : {std::size_t{10}, std::size_t{100'000}}) {
    SCOPED_TRACE(size);
    const std::string first(size, '1');
    const std::string second(size + 1, '2');
    folder.write("a.txt", first);
    const StaticFiles files(options());
    FileCache cache;
    http::RequestHead head;
    head.path = "/a.txt";
    const auto at = [&](int ms) {
      return files.respond(head, head.path, cache, now + std::chrono::milliseconds(ms));
    };
    EXPECT_EQ(content_of(at(0)), first);
    // Another file, so that what is held open keeps its content.
    folder.write("b.txt", second);
    std::filesystem::rename(folder / "b.txt", folder / "a.txt");
    EXPECT_EQ(content_of(at(49)), first);
    EXPECT_EQ(content_of(at(50)), second);
    std::filesystem::remove(folder / "a.txt");
    EXPECT_EQ(content_of(at(99)), second);
    EXPECT_EQ(at(100).status, Status::not_found);
    folder.write("a.txt", first);
    EXPECT_EQ(content_of(at(100)), first) << "what is missing is not remembered";
    // A clock that was set back.
    folder.write("a.txt", second);
    EXPECT_EQ(content_of(at(99)), second);
  }
}

TEST_F(StaticFilesTest, NoticesASiblingWhenItLooksAgain) {
  folder.write("a.js", "plain");
  const StaticFiles files(options());
  FileCache cache;
  http::RequestHead head;
  head.path = "/a.js";
  const Lines lines = {{"Accept-Encoding", "br"}};
  head.fields = http::FieldsView(lines);
  const auto at = [&](int ms) {
    return content_of(files.respond(head, head.path, cache, now + std::chrono::milliseconds(ms)));
  };
  EXPECT_EQ(at(0), "plain");
  folder.write("a.js.br", "coded");
  EXPECT_EQ(at(99), "plain");
  EXPECT_EQ(at(100), "coded");
  std::filesystem::remove(folder / "a.js.br");
  EXPECT_EQ(at(199), "coded");
  EXPECT_EQ(at(200), "plain");
}

TEST_F(StaticFilesTest, ServesTheIndexOfAFolder) {
  folder.write("index.html", "root");
  folder.write("sub/index.html", "sub");
  EXPECT_EQ(content("/"), "root");
  EXPECT_EQ(content("/sub/"), "sub");
  EXPECT_EQ(respond("/sub/").fields.find("Content-Type"), "text/html; charset=utf-8");
  std::filesystem::create_directories(folder / "bare/index.html");
  EXPECT_EQ(respond("/bare/").status, Status::not_found);
}

TEST_F(StaticFilesTest, RedirectsToTheSlashOfAFolder) {
  folder.write("sub/index.html", "sub");
  folder.write("a b/\\evil.com/x", "");
  const struct {
    const char* path;
    const char* location;
  } cases[] = {
      {"/sub", "/sub/"},     {"/sub?a=b&c=%20", "/sub/?a=b&c=%20"},        {"/%73ub", "/%73ub/"},
      {"/a%20b", "/a%20b/"}, {"/a%20b/\\evil.com", "/a%20b/%5Cevil.com/"},
  };
  for (const auto& [path, location] : cases) {
    const FileResponse response = respond(path);
    EXPECT_EQ(response.status, Status::moved_permanently) << path;
    EXPECT_EQ(response.fields.find("Location"), location) << path;
  }
  EXPECT_EQ(respond("//sub").status, Status::not_found) << "a redirect to another host";
}

TEST_F(StaticFilesTest, MountedDeeperItRedirectsToTheWholePath) {
  folder.write("sub/index.html", "sub");
  const StaticFiles files(options());
  FileCache cache;
  http::RequestHead head;
  head.path = "/files/sub";
  EXPECT_EQ(files.respond(head, "/sub", cache, now).fields.find("Location"), "/files/sub/");
  head.path = "/files";
  EXPECT_EQ(files.respond(head, "", cache, now).fields.find("Location"), "/files/");
}

TEST_F(StaticFilesTest, ListsAFolderOnlyWhenAsked) {
  folder.write("sub/a.txt", "hello");
  EXPECT_EQ(respond("/sub/").status, Status::not_found);
  options_.list = true;
  const FileResponse response = respond("/sub/");
  EXPECT_EQ(response.status, Status::ok);
  EXPECT_THAT(content_of(response), HasSubstr("href=\"a.txt\""));
  EXPECT_THAT(std::string(*response.fields.find("Content-Security-Policy")),
              HasSubstr("default-src 'none'"));
  EXPECT_EQ(respond("/sub").status, Status::moved_permanently);
  const FileResponse head = respond("/sub/", {}, Method::head);
  EXPECT_EQ(head.content_length, response.content_length);
  EXPECT_TRUE(head.pieces.empty());
}

TEST_F(StaticFilesTest, ASinglePageAnswersNavigations) {
  options_.single_page = "index.html";
  options_.cache_control = "max-age=31536000, immutable";
  folder.write("index.html", "app");
  folder.write("assets/a.js", "script");
  std::filesystem::create_directory(folder / "empty");
  const Lines browser = {{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8"}};

  for (const char* path : {"/users/42", "/users/", "/empty/", "/users/a%20b"}) {
    const FileResponse response = respond(path, browser);
    EXPECT_EQ(content_of(response), "app") << path;
    EXPECT_EQ(response.fields.find("Cache-Control"), "no-cache");
    EXPECT_EQ(response.fields.find("Vary"), "Accept");
  }
  EXPECT_EQ(respond("/users/42", browser, Method::head).content_length, 3u);
  EXPECT_EQ(content("/assets/a.js", browser), "script");
  EXPECT_EQ(respond("/").fields.find("Cache-Control"), "max-age=31536000, immutable");

  for (const char* path : {"/assets/b.js", "/favicon.ico", "/.env", "/a/.b", "/../x", "/%zz"}) {
    EXPECT_EQ(respond(path, browser).status, Status::not_found) << path;
  }
  EXPECT_EQ(respond("/users/42", {{"Accept", "*/*"}}).status, Status::not_found);
  EXPECT_EQ(respond("/users/42").status, Status::not_found);
  EXPECT_EQ(respond("/users/42", browser, Method::post).status, Status::method_not_allowed);
}

TEST_F(StaticFilesTest, AMissingSinglePageIsNotFound) {
  options_.single_page = "index.html";
  EXPECT_EQ(respond("/users/42", {{"Accept", "text/html"}}).status, Status::not_found);
}

TEST_F(StaticFilesTest, HonoursPreconditions) {
  folder.write("a.txt", "hello");
  folder.touch("a.txt", modified_unix_s);
  options_.cache_control = "max-age=60";
  const std::string current = tag("/a.txt");
  const std::string weak = "W/" + current;
  const struct {
    Lines lines;
    Status status;
  } cases[] = {
      {{{"If-None-Match", current}}, Status::not_modified},
      {{{"If-None-Match", weak}}, Status::not_modified},
      {{{"If-None-Match", "\"x\""}}, Status::ok},
      {{{"If-None-Match", "\"x\""}, {"If-Modified-Since", modified}}, Status::ok},
      {{{"If-Modified-Since", modified}}, Status::not_modified},
      {{{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"}}, Status::ok},
      {{{"If-Match", current}}, Status::ok},
      {{{"If-Match", weak}}, Status::precondition_failed},
      {{{"If-Match", "\"x\""}}, Status::precondition_failed},
      {{{"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"}}, Status::precondition_failed},
      {{{"If-None-Match", current}, {"Range", "bytes=0-0"}}, Status::not_modified},
  };
  for (const auto& [lines, status] : cases) {
    const FileResponse response = respond("/a.txt", lines);
    EXPECT_EQ(response.status, status) << lines.front().name << ": " << lines.front().value;
    if (status == Status::ok) continue;
    EXPECT_TRUE(response.pieces.empty());
    EXPECT_FALSE(response.fields.contains("Content-Type"));
  }
  const FileResponse response = respond("/a.txt", {{"If-None-Match", current}});
  EXPECT_EQ(response.fields.find("ETag"), current);
  EXPECT_EQ(response.fields.find("Cache-Control"), "max-age=60");
}

TEST_F(StaticFilesTest, ServesRanges) {
  folder.write("a.txt", "0123456789");
  folder.touch("a.txt", modified_unix_s);
  const std::string current = tag("/a.txt");
  const struct {
    Lines lines;
    Status status;
    const char* content;
    std::optional<std::string_view> content_range;
  } cases[] = {
      {{{"Range", "bytes=2-4"}}, Status::partial_content, "234", "bytes 2-4/10"},
      {{{"Range", "bytes=-3"}}, Status::partial_content, "789", "bytes 7-9/10"},
      {{{"Range", "bytes=8-"}}, Status::partial_content, "89", "bytes 8-9/10"},
      {{{"Range", "bytes=0-"}}, Status::partial_content, "0123456789", "bytes 0-9/10"},
      {{{"Range", "bytes=0-1,1-3"}}, Status::partial_content, "0123", "bytes 0-3/10"},
      {{{"Range", "bytes=10-"}}, Status::range_not_satisfiable, "", "bytes */10"},
      {{{"Range", "bytes=4-2"}}, Status::ok, "0123456789", std::nullopt},
      {{{"Range", "lines=1-2"}}, Status::ok, "0123456789", std::nullopt},
      {{{"Range", "bytes=0-0"}, {"Range", "bytes=1-1"}}, Status::ok, "0123456789", std::nullopt},
      {{{"Range", "bytes=1-1"}, {"If-Range", current}},
       Status::partial_content,
       "1",
       "bytes 1-1/10"},
      {{{"Range", "bytes=1-1"}, {"If-Range", modified}},
       Status::partial_content,
       "1",
       "bytes 1-1/10"},
      {{{"Range", "bytes=1-1"}, {"If-Range", "\"x\""}}, Status::ok, "0123456789", std::nullopt},
      {{{"Range", "bytes=10-"}, {"If-Range", "\"x\""}}, Status::ok, "0123456789", std::nullopt},
  };
  for (const auto& [lines, status, expected, content_range] : cases) {
    const FileResponse response = respond("/a.txt", lines);
    EXPECT_EQ(response.status, status) << lines.front().value;
    EXPECT_EQ(content_of(response), expected) << lines.front().value;
    EXPECT_EQ(response.fields.find("Content-Range"), content_range) << lines.front().value;
  }
  EXPECT_EQ(respond("/a.txt", {{"Range", "bytes=2-4"}}).fields.find("Content-Type"),
            "text/plain; charset=utf-8");
}

TEST_F(StaticFilesTest, ServesSeveralRangesAsParts) {
  folder.write("a.txt", "0123456789");
  const FileResponse response = respond("/a.txt", {{"Range", "bytes=0-1, -2"}});
  EXPECT_EQ(response.status, Status::partial_content);
  EXPECT_FALSE(response.fields.contains("Content-Range"));
  const std::string type(*response.fields.find("Content-Type"));
  constexpr std::string_view prefix = "multipart/byteranges; boundary=";
  ASSERT_THAT(type, testing::StartsWith(std::string(prefix)));
  const std::string boundary = type.substr(prefix.size());
  EXPECT_EQ(content_of(response),
            "\r\n--" + boundary +
                "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 0-1/10\r\n"
                "\r\n01\r\n--" +
                boundary +
                "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 8-9/10\r\n"
                "\r\n89\r\n--" +
                boundary + "--\r\n");
  const FileResponse second = respond("/a.txt", {{"Range", "bytes=0-1, -2"}});
  EXPECT_NE(second.fields.find("Content-Type"), type) << "a boundary that nobody can foresee";
}

TEST_F(StaticFilesTest, ServesCompressedSiblings) {
  folder.write("a.js", "identity");
  folder.write("a.js.br", "as br");
  folder.write("a.js.gz", "as gzip");
  folder.write("a.js.zst", "as zstd");
  folder.write("plain.js", "plain");
  const struct {
    std::string_view accept;
    const char* content;
    std::optional<std::string_view> coding;
  } cases[] = {
      {"gzip, deflate, br, zstd", "as br", "br"},
      {"gzip, zstd", "as zstd", "zstd"},
      {"gzip", "as gzip", "gzip"},
      {"gzip;q=0.9, br;q=0.1", "as gzip", "gzip"},
      {"br;q=0", "identity", std::nullopt},
      {"identity", "identity", std::nullopt},
      {"deflate", "identity", std::nullopt},
      {"", "identity", std::nullopt},
      {"identity;q=0, deflate", "identity", std::nullopt},
  };
  std::vector<std::string> tags;
  for (const auto& [accept, expected, coding] : cases) {
    const FileResponse response = respond("/a.js", {{"Accept-Encoding", accept}});
    EXPECT_EQ(response.status, Status::ok);
    EXPECT_EQ(content_of(response), expected) << accept;
    EXPECT_EQ(response.fields.find("Content-Encoding"), coding) << accept;
    EXPECT_EQ(response.fields.find("Content-Type"), "text/javascript; charset=utf-8");
    EXPECT_EQ(response.fields.find("Vary"), "Accept-Encoding");
  }
  EXPECT_EQ(respond("/a.js").fields.find("Vary"), "Accept-Encoding");
  EXPECT_FALSE(respond("/plain.js", {{"Accept-Encoding", "br"}}).fields.contains("Vary"));
  EXPECT_EQ(respond("/a.js.gz").fields.find("Content-Type"), "application/gzip");
  EXPECT_FALSE(respond("/a.js.gz").fields.contains("Content-Encoding"));
}

TEST_F(StaticFilesTest, EachCodingHasATagOfItsOwn) {
  folder.write("a.js", "identity");
  folder.write("a.js.br", "as br");
  const Lines br = {{"Accept-Encoding", "br"}};
  const std::string plain_tag = tag("/a.js");
  const std::string br_tag = tag("/a.js", br);
  EXPECT_NE(plain_tag, br_tag);
  EXPECT_THAT(br_tag, testing::EndsWith("-br\""));
  EXPECT_EQ(respond("/a.js", {{"Accept-Encoding", "br"}, {"If-None-Match", br_tag}}).status,
            Status::not_modified);
  EXPECT_EQ(respond("/a.js", {{"If-None-Match", br_tag}}).status, Status::ok);
  EXPECT_EQ(respond("/a.js", {{"If-None-Match", plain_tag}}).fields.find("Vary"),
            "Accept-Encoding");
  EXPECT_EQ(content("/a.js", {{"Accept-Encoding", "br"}, {"Range", "bytes=0-1"}}), "as");
}

TEST_F(StaticFilesTest, IgnoresSiblingsThatCanNotBeTrusted) {
  const TemporaryFolder outside;
  outside.write("secret", "secret");
  const Lines br = {{"Accept-Encoding", "br, gzip"}};
  folder.write("a.js", "new");
  folder.write("a.js.br", "stale");
  folder.touch("a.js.br", modified_unix_s);
  folder.write("b.js", "inside");
  folder.link(outside / "secret", "b.js.br");
  folder.write("c.js", "file");
  std::filesystem::create_directory(folder / "c.js.br");
  folder.write("d.js.br", "alone");
  EXPECT_EQ(content("/a.js", br), "new");
  EXPECT_EQ(content("/b.js", br), "inside");
  EXPECT_FALSE(respond("/b.js", br).fields.contains("Content-Encoding"));
  EXPECT_EQ(content("/c.js", br), "file");
  EXPECT_EQ(respond("/d.js", br).status, Status::not_found);
}

TEST_F(StaticFilesTest, RefusesOptionsThatCanNotWork) {
  options_.cache_control = "a\r\nb";
  EXPECT_THROW(StaticFiles{options()}, std::invalid_argument);
  options_.cache_control = "";
  options_.single_page = "/index.html";
  EXPECT_THROW(StaticFiles{options()}, std::invalid_argument);
  EXPECT_THROW(StaticFiles({.folder = folder / "missing"}), std::system_error);
}

TEST_F(StaticFilesTest, ThePathsOfTheProgramAreFree) {
  folder.write(".hidden.txt", "0123456789");
  folder.link(folder / ".hidden.txt", "link.txt");
  FileCache cache;
  http::RequestHead head;
  const Lines lines = {{"Range", "bytes=1-2"}};
  head.fields = http::FieldsView(lines);
  const http::Fields fields;
  const auto answer = [&](const std::string& path) {
    return respond_with_path(head, {path, Status::ok, fields}, cache, now);
  };
  const FileResponse response = answer(folder / "link.txt");
  EXPECT_EQ(response.status, Status::partial_content);
  EXPECT_EQ(content_of(response), "12");
  EXPECT_EQ(answer(folder / "missing").status, Status::not_found);
  EXPECT_EQ(answer(folder.path().string()).status, Status::not_found);
}

TEST(RelativePath, DecodesAndRefuses) {
  EXPECT_EQ(relative_path(""), ".");
  EXPECT_EQ(relative_path("/"), ".");
  EXPECT_EQ(relative_path("/a/b%20c/"), "a/b c");
  EXPECT_EQ(relative_path("/a..b/c."), "a..b/c.");
  for (const char* rest : {"//", "/a//b", "/.a", "/%2e", "/a/..", "/a%2fb", "/%00", "/%"}) {
    EXPECT_EQ(relative_path(rest), std::nullopt) << rest;
  }
  EXPECT_EQ(relative_path(std::string_view("/a\0b", 4)), std::nullopt);
}

}  // namespace
}  // namespace duplex::server

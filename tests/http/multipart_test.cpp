#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "fuzz/http/multipart_properties.hpp"

namespace duplex::http {
namespace {

using Error = MultipartError;

/// A part with these lines before its content.
std::string part(std::string_view head, std::string_view content) {
  return "--b\r\n" + std::string(head) + "\r\n\r\n" + std::string(content) + "\r\n";
}

constexpr std::string_view named = "Content-Disposition: form-data; name=\"n\"";

/// What one part with `head` comes to.
std::expected<FormPart, Error> read(std::string_view head, const MultipartLimits& limits = {}) {
  static std::string text;
  text = part(head, "c") + "--b--";
  const auto parts = parts_of(text, "b", limits);
  if (!parts) return std::unexpected(parts.error());
  return parts->at(0);
}

TEST(MultipartBoundary, IsWhatTheTypeNames) {
  const struct {
    std::string_view content_type;
    std::string_view boundary;
  } cases[] = {
      {"multipart/form-data; boundary=----WebKitFormBoundary7MA4", "----WebKitFormBoundary7MA4"},
      {"Multipart/Form-Data ;charset=utf-8; Boundary=\"a b:c\" ", "a b:c"},
      {"multipart/form-data; boundary=a=b:c/d; x=y", "a=b:c/d"},
      {"multipart/form-data; x=\"; boundary=no\"; boundary=yes", "yes"},
  };
  for (const auto& [content_type, boundary] : cases) {
    EXPECT_EQ(multipart_boundary(content_type), boundary) << content_type;
  }
  EXPECT_TRUE(multipart_boundary("multipart/form-data; boundary=" + std::string(70, 'x')));
}

TEST(MultipartBoundary, RefusesWhatIsNone) {
  for (const char* text : {"", "text/plain; boundary=b", "multipart/mixed; boundary=b"}) {
    EXPECT_EQ(multipart_boundary(text).error(), Error::not_multipart) << text;
  }
  const std::string too_long = "multipart/form-data; boundary=" + std::string(71, 'x');
  for (const char* text :
       {"multipart/form-data", "multipart/form-data; boundary", "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"", "multipart/form-data; boundary=\"b",
        "multipart/form-data; boundary=\"b \"", "multipart/form-data; boundary=a*b",
        "multipart/form-data; boundary=\"b\"c", too_long.c_str()}) {
    EXPECT_EQ(multipart_boundary(text).error(), Error::malformed_boundary) << text;
  }
}

TEST(MultipartParser, ReadsFieldsAndFiles) {
  const std::string text = part("Content-Disposition: form-data; name=\"field\"", "a value") +
                           part(
                               "content-disposition:form-data ; NAME=file; filename=\"a b.txt\"\r\n"
                               "X-Else: ignored\r\nContent-Type: image/png",
                               "\x89PNG\r\n--\r\n--bb\r\n--b-\r\n") +
                           part("Content-Disposition: form-data; filename=\"\"; name=\"\"", "") +
                           "--b--\r\nepilogue";
  const auto parts = parts_of(text, "b");
  ASSERT_TRUE(parts);
  ASSERT_EQ(parts->size(), 3u);
  EXPECT_EQ(parts->at(0), (FormPart{.name = "field", .filename = {}, .content = "a value"}));
  EXPECT_EQ(parts->at(1), (FormPart{.name = "file",
                                    .filename = "a b.txt",
                                    .content_type = "image/png",
                                    .content = "\x89PNG\r\n--\r\n--bb\r\n--b-\r\n"}));
  EXPECT_EQ(parts->at(2), (FormPart{.name = "", .filename = "", .content = ""}));
}

TEST(MultipartParser, KeepsNamesAsTheyCame) {
  const struct {
    std::string_view parameters;
    std::string_view name;
  } cases[] = {
      {"name=\"a%22b\"", "a%22b"},
      {R"(name="a\"b")", R"(a\"b)"},
      {R"(name="C:\dir\file")", R"(C:\dir\file)"},
      {"name=\"\xc3\xbc; filename=x\"", "\xc3\xbc; filename=x"},
      {"; ;name=n;", "n"},
      {"name=n; filename*=UTF-8''x", "n"},
  };
  for (const auto& [parameters, name] : cases) {
    const auto read_part = read("Content-Disposition: form-data; " + std::string(parameters));
    ASSERT_TRUE(read_part) << parameters;
    EXPECT_EQ(read_part->name, name);
    EXPECT_FALSE(read_part->filename);
  }
}

TEST(MultipartParser, IgnoresWhatStandsAround) {
  const std::string form = part(named, "c") + "--b--";
  for (const std::string& text :
       {form, "preamble\r\n--bb\r\n" + form, "\r\n" + form, form + " \t\r\nepilogue",
        std::string(form).append("\r\n").append(form)}) {
    const auto parts = parts_of(text, "b");
    ASSERT_TRUE(parts) << text;
    ASSERT_EQ(parts->size(), 1u);
    EXPECT_EQ(parts->at(0).content, "c");
  }
  EXPECT_TRUE(parts_of("--b \t\r\n" + std::string(named) + "\r\n\r\nc\r\n--b--", "b"));
  EXPECT_EQ(parts_of("--b--", "b"), std::vector<FormPart>());
  // Where a part has no content, not even its empty line, RFC 2046 lets the delimiter follow.
  EXPECT_EQ(parts_of("--b\r\n" + std::string(named) + "\r\n\r\n--b--", "b")->at(0).content, "");
}

TEST(MultipartParser, TellsWhatIsWrong) {
  const struct {
    std::string head;
    Error error;
  } heads[] = {
      {"X: y", Error::unnamed_part},
      {"Content-Disposition: form-data", Error::unnamed_part},
      {"Content-Disposition: form-data; filename=x", Error::unnamed_part},
      {"Content-Disposition: attachment; name=x", Error::unnamed_part},
      {"Content-Disposition", Error::malformed_part_head},
      {std::string(named) + "\r\n folded", Error::malformed_part_head},
      {std::string(named) + "\r\nX: a\rb", Error::malformed_part_head},
      {std::string(named) + "\r\n" + std::string(named), Error::malformed_part_head},
      {std::string(named) + "\r\nContent-Type: a/b\r\nContent-Type: a/b",
       Error::malformed_part_head},
      {std::string(named) + "; name=m", Error::malformed_part_head},
      {std::string(named) + "; filename=m; filename=m", Error::malformed_part_head},
      {std::string(named) + "x", Error::malformed_part_head},
      {"Content-Disposition: form-data; name=a b", Error::malformed_part_head},
      {"Content-Disposition: form-data; name=\"a", Error::malformed_part_head},
      {"Content-Disposition: form-data; name=\"a\\", Error::malformed_part_head},
      {"Content-Disposition: form-data; name", Error::malformed_part_head},
  };
  for (const auto& [head, error] : heads) {
    const auto read_part = read(head);
    ASSERT_FALSE(read_part) << head;
    EXPECT_EQ(read_part.error(), error) << head;
  }
  EXPECT_EQ(parts_of("", "b").error(), Error::no_delimiter);
  EXPECT_EQ(parts_of("--bb--", "b").error(), Error::no_delimiter);
  EXPECT_EQ(parts_of("x--b--", "b").error(), Error::no_delimiter);
  EXPECT_EQ(parts_of("--b\n", "b").error(), Error::no_delimiter);
  EXPECT_EQ(parts_of("--b--", "").error(), Error::malformed_boundary);
  EXPECT_EQ(parts_of("--b--", std::string(71, 'b')).error(), Error::malformed_boundary);
  for (int error = 0; error <= static_cast<int>(Error::too_many_parts); ++error) {
    EXPECT_FALSE(describe(static_cast<Error>(error)).empty()) << error;
  }
}

TEST(MultipartParser, HasLimits) {
  const MultipartLimits limits{.parts_max = 2, .part_head_bytes_max = 100, .name_bytes_max = 5};
  const std::string one = part(named, "c");
  EXPECT_TRUE(parts_of(one + one + "--b--", "b", limits));
  EXPECT_EQ(parts_of(one + one + one + "--b--", "b", limits).error(), Error::too_many_parts);

  // With the line break behind it, and that of the empty line.
  const std::size_t filling = 100 - named.size() - std::string_view("\r\nX: \r\n\r\n").size();
  const auto head = [](std::size_t size) {
    return std::string(named) + "\r\nX: " + std::string(size, 'x');
  };
  EXPECT_TRUE(read(head(filling), limits));
  EXPECT_EQ(read(head(filling + 1), limits).error(), Error::part_head_too_long);

  EXPECT_TRUE(read("Content-Disposition: form-data; name=12345", limits));
  EXPECT_EQ(read("Content-Disposition: form-data; name=123456", limits).error(),
            Error::name_too_long);
  EXPECT_EQ(read("Content-Disposition: form-data; name=1; filename=123456", limits).error(),
            Error::name_too_long);
}

TEST(MultipartParser, NoticesEveryPlaceWhereAFormIsCutOff) {
  const std::string text = part(named, "c\r\n-") + part(named, "") + "--b--";
  ASSERT_TRUE(parts_of(text, "b"));
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto cut = parts_of(text.substr(0, size), "b");
    ASSERT_FALSE(cut) << size;
    EXPECT_EQ(cut.error(), size < 5 ? Error::no_delimiter : Error::incomplete) << size;
  }
}

TEST(MultipartParser, CorpusKeepsTheProperties) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(DUPLEX_CORPUS "/multipart_fuzz")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(file), {});
    ++count;
    for (std::size_t size = 0; size <= content.size(); ++size) {
      EXPECT_EQ(broken_multipart_property(content.substr(0, size)), "") << entry.path();
      EXPECT_EQ(broken_multipart_property(content.substr(size)), "") << entry.path();
    }
  }
  EXPECT_GT(count, 0);
}

}  // namespace
}  // namespace duplex::http

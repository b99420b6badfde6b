#include "server/static_files/static_files.hpp"

#include <memory>
#include <random>
#include <stdexcept>

#include "server/static_files/listing.hpp"
#include <duplex/http/date.hpp>
#include <duplex/http/media_type.hpp>
#include <duplex/http/percent.hpp>

namespace duplex::server {

namespace {

using std::chrono::system_clock;
using Kind = FileStatus::Kind;

/// What may stand in a path besides unreserved characters; `%`, since it is encoded already. Not
/// the backslash, which browsers take for a slash: `/\host/` is another site to them.
constexpr std::string_view path_marks = "/%!$&'()*+,;=:@";

FileResponse bare_response(http::Status status) {
  FileResponse response;
  response.status = status;
  return response;
}

/// Between the parts that a request with ranges may get. Random, since a file may have been made by
/// somebody who wants to end a part early.
std::string boundary_for(const http::RequestHead& head) {
  if (head.fields.count("range") == 0) return {};
  thread_local std::mt19937_64 random{std::random_device()()};
  constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuv";
  std::string boundary = "part-";
  std::uint64_t bits = 0;
  for (int i = 0; i < 24; ++i, bits >>= 5U) {
    if (i % 12 == 0) bits = random();
    boundary += digits[bits & 31U];
  }
  return boundary;
}

FileResponse redirect_to_slash(const http::RequestHead& head) {
  FileResponse response = bare_response(http::Status::moved_permanently);
  std::string location = http::percent_encode(head.path, path_marks) + "/";
  if (!head.query.empty()) location += "?" + http::percent_encode(head.query, "?/%!$&'()*+,;=:@[]");
  response.fields.add("Location", location);
  return response;
}

FileResponse listing_response(const http::RequestHead& head, std::string page) {
  FileResponse response;
  response.fields.add("Content-Type", "text/html; charset=utf-8");
  response.fields.add("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
  response.fields.add("X-Content-Type-Options", "nosniff");
  response.fields.add("Cache-Control", "no-cache");
  response.content_length = page.size();
  if (head.method == http::Method::get) response.pieces.emplace_back(std::move(page));
  return response;
}

/// Whether the last segment has an extension: what asks for `app.js` doesn't want a page instead.
bool has_extension(std::string_view path) noexcept {
  const std::size_t slash = path.rfind('/');
  if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  return path.find('.', 1) != std::string_view::npos;
}

}  // namespace

std::optional<std::string> relative_path(std::string_view rest) {
  std::string path;
  path.reserve(rest.size());
  while (!rest.empty()) {
    rest.remove_prefix(1);
    std::string_view raw = rest.substr(0, rest.find('/'));
    rest.remove_prefix(raw.size());
    if (raw.empty()) {
      if (rest.empty()) break;
      return std::nullopt;
    }
    if (!path.empty()) path += '/';
    constexpr std::string_view special("%\0", 2);
    if (raw.front() != '.' && raw.find_first_of(special) == std::string_view::npos) {
      path += raw;
      continue;
    }
    for (bool first = true; !raw.empty(); first = false) {
      const int byte = http::next_decoded_byte(raw);
      if (byte <= 0 || byte == '/' || (first && byte == '.')) return std::nullopt;
      path += static_cast<char>(byte);
    }
  }
  if (path.empty()) path = ".";
  return path;
}

StaticFiles::StaticFiles(StaticFilesOptions options)
    : options_(std::move(options)), tree_(options_.folder) {
  if (!http::is_field_value(options_.cache_control)) {
    throw std::invalid_argument("cache_control holds a control byte, such as a line break");
  }
  if (options_.single_page.starts_with('/')) {
    throw std::invalid_argument("single_page \"" + options_.single_page +
                                "\" must be relative to the folder: leave out the first slash");
  }
}

FileResponse StaticFiles::respond(const http::RequestHead& head, std::string_view rest,
                                  FileCache& cache, system_clock::time_point now) const {
  if (head.method != http::Method::get && head.method != http::Method::head) {
    FileResponse response =
        bare_response(head.method == http::Method::options ? http::Status::no_content
                                                           : http::Status::method_not_allowed);
    response.fields.add("Allow", "GET, HEAD, OPTIONS");
    return response;
  }
  const std::optional<std::string> path = relative_path(rest);
  if (!path) return bare_response(http::Status::not_found);

  const bool has_slash = rest.ends_with('/');
  std::optional<FileResponse> response;
  const FileLook look = cache.looks().look(tree_, *path, now, look_age_max());
  if (look.kind() == Kind::folder) {
    response = respond_with_folder(head, *path, has_slash, cache, now);
  } else if (look.is_file() && !has_slash) {
    response = respond_with_file(head, *path, look, false, cache, now);
  }
  if (!response && !options_.single_page.empty() && !has_extension(*path) &&
      http::asks_for(head.fields, "text/html")) {
    const std::string& page = options_.single_page;
    const FileLook page_look = cache.looks().look(tree_, page, now, look_age_max());
    response = respond_with_file(head, page, page_look, true, cache, now);
  }
  return response ? std::move(*response) : bare_response(http::Status::not_found);
}

std::optional<FileResponse> StaticFiles::respond_with_folder(const http::RequestHead& head,
                                                             const std::string& path,
                                                             bool has_slash, FileCache& cache,
                                                             system_clock::time_point now) const {
  if (!has_slash) {
    // The status came from beyond the links; only opening tells that they stay inside.
    if (!tree_.open(path)) return std::nullopt;
    return redirect_to_slash(head);
  }
  const std::string index = path == "." ? "index.html" : path + "/index.html";
  const FileLook look = cache.looks().look(tree_, index, now, look_age_max());
  if (auto response = respond_with_file(head, index, look, false, cache, now)) return response;
  if (!options_.list) return std::nullopt;
  const auto title = http::percent_decode(head.path);
  auto page = make_listing(tree_, path, title.value_or("/"));
  if (!page) return std::nullopt;
  return listing_response(head, std::move(*page));
}

std::optional<FileResponse> StaticFiles::respond_with_file(const http::RequestHead& head,
                                                           const std::string& path,
                                                           const FileLook& look, bool stands_in,
                                                           FileCache& cache,
                                                           system_clock::time_point now) const {
  if (!look.is_file()) return std::nullopt;
  http::ContentCoding coding = look.choose(head.fields);
  std::shared_ptr<const LoadedFile> file;
  if (coding != http::ContentCoding::identity) {
    const std::string sibling = path + std::string(sibling_suffix(coding));
    file = cache.load(tree_, sibling, look.sighting_of(coding), now);
    if (!file) coding = http::ContentCoding::identity;
  }
  if (!file) file = cache.load(tree_, path, look.sighting_of(coding), now);
  if (!file) return std::nullopt;
  return respond_with(
      {.file = *file,
       .media_type = http::media_type_of(path),
       .coding = coding,
       .varies_by_coding = look.several(),
       .varies_by_media_type = stands_in,
       // Another file may stand where the single page stands in, tomorrow.
       .cache_control = stands_in ? std::string_view("no-cache") : options_.cache_control},
      head, boundary_for(head), now);
}

FileResponse respond_with_path(const http::RequestHead& head, const FileAnswer& answer,
                               FileCache& cache, system_clock::time_point now) {
  const FileTree& tree = FileTree::everything();
  const auto status = tree.status(answer.path);
  if (!status || status->kind != Kind::file) return bare_response(http::Status::not_found);
  const auto file = cache.load(tree, answer.path, {*status, now}, now);
  if (!file) return bare_response(http::Status::not_found);
  FileRepresentation representation{
      .file = *file,
      .media_type = answer.fields.find("Content-Type").value_or(http::media_type_of(answer.path)),
      .is_ok = answer.status == http::Status::ok,
  };
  if (const auto tag = answer.fields.find("ETag")) {
    representation.own_entity_tag = http::parse_entity_tag(*tag);
  }
  if (const auto date = answer.fields.find("Last-Modified")) {
    representation.own_modified_unix_s = http::parse_date(*date, system_clock::to_time_t(now));
  }
  return respond_with(representation, head, boundary_for(head), now);
}

}  // namespace duplex::server

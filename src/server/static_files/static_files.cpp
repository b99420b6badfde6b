#include "server/static_files/static_files.hpp"

#include <array>
#include <random>
#include <stdexcept>

#include "server/static_files/listing.hpp"
#include <duplex/http/media_type.hpp>
#include <duplex/http/percent.hpp>

namespace duplex::server {

namespace {

using std::chrono::system_clock;
using Kind = FileStatus::Kind;

/// What may stand in a path besides unreserved characters; `%`, since it is encoded already. Not
/// the backslash, which browsers take for a slash: `/\host/` is another site to them.
constexpr std::string_view path_marks = "/%!$&'()*+,;=:@";

/// The codings of the files that may stand beside a file, the one that we like best first.
struct Sibling {
  http::ContentCoding coding;
  std::string_view suffix;
};
constexpr std::array<Sibling, 3> siblings = {{{http::ContentCoding::br, ".br"},
                                              {http::ContentCoding::zstd, ".zst"},
                                              {http::ContentCoding::gzip, ".gz"}}};

FileResponse bare_response(http::Status status) {
  FileResponse response;
  response.status = status;
  return response;
}

/// Random, since a file may have been made by somebody who wants to end a part early.
std::string make_boundary() {
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

/// The representations of one file: itself, and siblings in other codings.
class Representations {
 public:
  Representations(const FileTree& tree, const std::string& path, const FileStatus& status)
      : path_(path) {
    for (const Sibling& sibling : siblings) {
      const auto found = tree.status(path + std::string(sibling.suffix));
      if (!found || found->kind != Kind::file) continue;
      // Who edits a file and forgets to compress it again should see the edit.
      if (found->modified_unix_s() < status.modified_unix_s()) continue;
      add(sibling.coding, *found);
    }
    add(http::ContentCoding::identity, status);
  }

  bool several() const noexcept { return count_ > 1; }

  /// The coding that the client likes best, or identity when it likes none: better than 406.
  http::ContentCoding choose(http::FieldsView fields) const noexcept {
    return http::choose_coding(fields, {codings_.data(), count_})
        .value_or(http::ContentCoding::identity);
  }

  std::string path_of(http::ContentCoding coding) const {
    for (const Sibling& sibling : siblings) {
      if (sibling.coding == coding) return path_ + std::string(sibling.suffix);
    }
    return path_;
  }

  const FileStatus& status_of(http::ContentCoding coding) const noexcept {
    std::size_t i = 0;
    while (codings_[i] != coding) ++i;
    return statuses_[i];
  }

 private:
  void add(http::ContentCoding coding, const FileStatus& status) noexcept {
    codings_[count_] = coding;
    statuses_[count_++] = status;
  }

  const std::string& path_;
  std::size_t count_ = 0;
  std::array<http::ContentCoding, siblings.size() + 1> codings_{};
  std::array<FileStatus, siblings.size() + 1> statuses_;
};

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
  if (const auto status = tree_.status(*path)) {
    if (status->kind == Kind::folder) {
      response = respond_with_folder(head, *path, has_slash, cache, now);
    } else if (status->kind == Kind::file && !has_slash) {
      response = respond_with_file(head, *path, false, cache, now);
    }
  }
  if (!response && !options_.single_page.empty() && !has_extension(*path) &&
      http::asks_for(head.fields, "text/html")) {
    response = respond_with_file(head, options_.single_page, true, cache, now);
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
  if (auto response = respond_with_file(head, index, false, cache, now)) return response;
  if (!options_.list) return std::nullopt;
  const auto title = http::percent_decode(head.path);
  auto page = make_listing(tree_, path, title.value_or("/"));
  if (!page) return std::nullopt;
  return listing_response(head, std::move(*page));
}

std::optional<FileResponse> StaticFiles::respond_with_file(const http::RequestHead& head,
                                                           const std::string& path, bool stands_in,
                                                           FileCache& cache,
                                                           system_clock::time_point now) const {
  const auto status = tree_.status(path);
  if (!status || status->kind != Kind::file) return std::nullopt;
  const Representations representations(tree_, path, *status);
  http::ContentCoding coding = representations.choose(head.fields);
  auto file =
      cache.load(tree_, representations.path_of(coding), representations.status_of(coding), now);
  if (!file && coding != http::ContentCoding::identity) {
    coding = http::ContentCoding::identity;
    file = cache.load(tree_, path, *status, now);
  }
  if (!file) return std::nullopt;
  return respond_with(
      {.file = *file,
       .media_type = http::media_type_of(path),
       .coding = coding,
       .varies_by_coding = representations.several(),
       .varies_by_media_type = stands_in,
       // Another file may stand where the single page stands in, tomorrow.
       .cache_control = stands_in ? std::string_view("no-cache") : options_.cache_control},
      head, make_boundary(), now);
}

FileResponse respond_with_path(const http::RequestHead& head, const std::string& path,
                               FileCache& cache, system_clock::time_point now) {
  const FileTree& tree = FileTree::everything();
  const auto status = tree.status(path);
  if (!status || status->kind != Kind::file) return bare_response(http::Status::not_found);
  const auto file = cache.load(tree, path, *status, now);
  if (!file) return bare_response(http::Status::not_found);
  return respond_with({.file = *file, .media_type = http::media_type_of(path)}, head,
                      make_boundary(), now);
}

}  // namespace duplex::server

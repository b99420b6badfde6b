#include "server/static_files/listing.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <memory>
#include <vector>

#include <duplex/http/date.hpp>
#include <duplex/http/percent.hpp>

namespace duplex::server {

namespace {

struct ListedFile {
  std::string name;
  FileStatus status;

  bool is_folder() const noexcept { return status.kind == FileStatus::Kind::folder; }
  bool operator<(const ListedFile& other) const noexcept {
    if (is_folder() != other.is_folder()) return is_folder();
    return name < other.name;
  }
};

struct CloseFolder {
  void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};

/// As people read it, with a decimal below ten: `9.5 KiB`.
std::string format_size(std::uint64_t bytes) {
  constexpr std::string_view units[] = {" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
  std::size_t unit = 0;
  std::uint64_t tenths = 0;
  for (; bytes >= 1024 && unit + 1 < std::size(units); ++unit) {
    tenths = bytes % 1024 * 10 / 1024;
    bytes /= 1024;
  }
  std::string text = std::to_string(bytes);
  if (unit > 0 && bytes < 10) text += "." + std::to_string(tenths);
  text += units[unit];
  return text;
}

void append_row(std::string& page, const ListedFile& file) {
  const std::string_view slash = file.is_folder() ? "/" : "";
  page += "<tr><td><a href=\"";
  // Every mark is encoded, the colon too: no name can be taken for `javascript:` or for a host.
  page += http::percent_encode(file.name);
  page += slash;
  page += "\">";
  page += escape_html(file.name);
  page += slash;
  page += "</a></td><td>";
  if (!file.is_folder()) page += format_size(file.status.size_bytes);
  page += "</td><td>";
  page += http::format_date(file.status.modified_unix_s());
  page += "</td></tr>\n";
}

constexpr std::string_view page_style =
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<style>\n"
    ":root { color-scheme: light dark; font-family: system-ui, sans-serif; }\n"
    "body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }\n"
    "h1 { font-size: 1.25rem; overflow-wrap: anywhere; }\n"
    "table { border-collapse: collapse; width: 100%; }\n"
    "td { padding: .25rem .5rem; overflow-wrap: anywhere; }\n"
    "td + td { text-align: right; white-space: nowrap; opacity: .7; }\n"
    "tr:hover { background: #8882; }\n"
    "</style>\n";

/// Of an entry that is to be listed. Only links are opened, to see whether they lead out; whoever
/// writes to a pipe is not to take us for its reader.
std::optional<FileStatus> listed_status(const FileTree& tree, const std::string& path,
                                        unsigned char type) {
  const auto status = tree.status(path);
  if (!status || status->kind == FileStatus::Kind::other) return std::nullopt;
  if (type == DT_REG || type == DT_DIR) return *status;
  const auto file = tree.open(path);
  if (!file) return std::nullopt;
  return file->status;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (char const character : text) {
    switch (character) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      case '\'': result += "&#39;"; break;
      default: result += character;
    }
  }
  return result;
}

std::optional<std::string> make_listing(const FileTree& tree, const std::string& path,
                                        std::string_view title, std::size_t entries_max) {
  auto opened = tree.open(path);
  if (!opened || opened->status.kind != FileStatus::Kind::folder) return std::nullopt;
  const std::unique_ptr<DIR, CloseFolder> folder(::fdopendir(opened->descriptor.number()));
  if (!folder) return std::nullopt;
  opened->descriptor.release();

  std::vector<ListedFile> files;
  bool more = false;
  // readdir is safe here: no other thread has this stream.
  while (const dirent* entry = ::readdir(folder.get())) {  // NOLINT(concurrency-mt-unsafe)
    const std::string_view name = entry->d_name;
    if (name.starts_with('.')) continue;
    if (files.size() == entries_max) {
      more = true;
      break;
    }
    if (const auto status = listed_status(tree, path + "/" + std::string(name), entry->d_type)) {
      files.push_back({std::string(name), *status});
    }
  }
  std::ranges::sort(files, std::less<>());

  const std::string heading = escape_html(title);
  std::string page = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>";
  page += heading;
  page += "</title>\n";
  page += page_style;
  page += "<h1>" + heading + "</h1>\n<table>\n";
  if (path != ".") page += "<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n";
  for (const ListedFile& file : files) append_row(page, file);
  page += "</table>\n";
  if (more) page += "<p>There are more files than are shown here.</p>\n";
  return page;
}

}  // namespace duplex::server

#pragma once

#include <string>
#include <string_view>

#include <duplex/http/percent.hpp>
#include <duplex/http/query.hpp>
#include <duplex/http/redirect.hpp>
#include <duplex/http/url.hpp>

namespace duplex::http {

/// Whether everything that reads or writes URLs agrees with itself about `text`; if not, which
/// property is broken.
inline std::string_view broken_url_property(std::string_view text) {
  if (percent_decode(percent_encode(text)) != text) return "decoding undoes encoding";
  if (percent_decode(percent_encode(text), Plus::space) != text) return "plus is encoded";

  if (const auto url = Url::parse(text)) {
    const auto again = Url::parse(url->text());
    if (!again || *again != *url) return "a URL's text parses to the URL";
    if (url->host.empty() || url->port == 0) return "a URL can be dialled";
    if (!url->path.starts_with('/')) return "a path begins with a slash";
    if (!parse_authority(url->authority())) return "a URL's authority is one";
  } else if (describe(url.error()).empty()) {
    return "every error has a sentence";
  }

  const std::string path = remove_dot_segments(text);
  if (!path.starts_with('/')) return "a path without dots begins with a slash";
  if (remove_dot_segments(path) != path) return "no dot segment is left";

  const Url base{.scheme = "https", .host = "a.example", .port = 444, .path = "/b/c", .query = "d"};
  if (const auto url = resolve(base, text)) {
    if (remove_dot_segments(url->path) != url->path) return "resolving removes dot segments";
    if (Url::parse(url->text()) != url) return "what was resolved is a URL";
    if (resolve(base, url->text()) != url) return "an absolute URL resolves to itself";
    if (same_origin(base, *url) && resolve(base, url->target()) != url) {
      if (!url->path.starts_with("//")) return "a target resolves to what it is of";
    }
  }

  const FieldView location{"Location", text};
  const auto followed = redirect(base, Method::post, Status::found, FieldsView({&location, 1}));
  if (followed) {
    if (!*followed || !(*followed)->url.is_secure()) return "redirections don't downgrade";
    if (Url::parse((*followed)->url.text()) != (*followed)->url)
      return "redirections can be dialled";
    if ((*followed)->same_origin != same_origin(base, (*followed)->url)) return "origins are told";
    if ((*followed)->keeps_content) return "a POST that was found elsewhere becomes a GET";
  }

  if (const auto segments = decode_path(text)) {
    std::string encoded;
    for (const std::string& segment : *segments) {
      if (segment == "." || segment == "..") return "dot segments are refused";
      if (segment.find('/') != std::string::npos) return "segments hold no slash";
      if (segment.find('\0') != std::string::npos) return "segments hold no NUL";
      encoded += "/" + percent_encode(segment);
    }
    if (decode_path(encoded) != segments) return "segments encode to the same path";
  }

  if (const auto form = parse_form(text)) {
    for (const FormEntry& entry : *form) {
      if (!QueryView(text).contains(entry.name)) return "the query holds what the form holds";
    }
    // An entry that is wholly empty came from a lone `=`, and stays one.
    if (parse_form(format_form(*form)) != form) return "a form parses to what it was written from";
  }
  return {};
}

}  // namespace duplex::http

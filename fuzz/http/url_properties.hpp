#pragma once

#include <string>
#include <string_view>

#include <duplex/http/percent.hpp>
#include <duplex/http/query.hpp>
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

  if (const auto segments = decode_path(text)) {
    std::string path;
    for (const std::string& segment : *segments) {
      if (segment == "." || segment == "..") return "dot segments are refused";
      if (segment.find('/') != std::string::npos) return "segments hold no slash";
      if (segment.find('\0') != std::string::npos) return "segments hold no NUL";
      path += "/" + percent_encode(segment);
    }
    if (decode_path(path) != segments) return "segments encode to the same path";
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

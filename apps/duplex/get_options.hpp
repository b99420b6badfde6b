#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "client_options.hpp"
#include <duplex/http/method.hpp>

namespace duplex::app {

/// What `duplex get` can be told, as it stands on the command line.
struct GetArguments {
  ClientArguments client;
  std::string url;
  std::string method;
  std::string data;
  std::string json;
  std::string upload;
  std::string output;
  bool remote_name = false;
  bool no_resume = false;
  std::string retries;
  std::string range;
  bool heads = false;
  bool head_only = false;
  bool fail = false;
  bool silent = false;
  bool follow = false;
  std::string redirects_max;
  bool decode = true;
  std::string cookies;
};

/// Where the content of the request comes from.
struct NoContent {};
struct TextContent {
  std::string text;
};
struct FileContent {
  std::string path;
};
struct InputContent {};  // standard input
using ContentSource = std::variant<NoContent, TextContent, FileContent, InputContent>;

/// What it means.
struct GetOptions {
  ClientSettings client;
  std::string url;
  http::Method method = http::Method::get;
  ContentSource content;
  /// Of the content; empty for what its source suggests.
  std::string media_type;
  /// The file to write; empty for standard output.
  std::string output;
  /// Whether a download goes on where an earlier one broke off.
  bool resume = true;
  std::uint32_t retries_max = 3;
  /// Whether the response's head is written before its content.
  bool heads = false;
  /// Whether a status from 400 on is a failure.
  bool fail = false;
  bool silent = false;
  std::uint32_t redirects_max = 10;
  bool decode = true;
  /// Where cookies are kept; empty for nowhere.
  std::string cookies;

  /// Whether the library's download does it, which can be resumed: a plain GET into a file.
  bool is_download() const noexcept;
};

/// Throws UsageError for what can't be.
GetOptions resolve(const GetArguments& arguments);

/// The name of the file that a URL names, as `-O` has it: the last segment of its path, decoded.
/// Throws UsageError when it names none, or one that would end elsewhere than in this folder.
std::string file_name_of(const std::string& url);

}  // namespace duplex::app

#pragma once

#include <variant>

#include <duplex/server/response.hpp>

namespace duplex::server {

/// The server's way into what handlers answer.
class ResponseAccess {
 public:
  using Body = Response::Body;
  using FilePath = Response::FilePath;
  using MountedFile = Response::MountedFile;
  using TopicName = Response::TopicName;

  static Body& body(Response& response) noexcept { return response.body_; }
  static http::Fields& fields(Response& response) noexcept { return response.fields_; }
  static bool closes(const Response& response) noexcept { return response.close_connection_; }
  /// Becomes the file below `mount` that the request is for.
  static Response mounted(const FilesMount& mount) {
    return {http::Status::ok, {}, MountedFile{&mount}};
  }
};

}  // namespace duplex::server

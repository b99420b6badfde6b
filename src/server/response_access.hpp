#pragma once

#include <memory>
#include <utility>
#include <variant>

#include "server/static_files/file_response.hpp"
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
  /// The same, looked for: `file` is what was found, if only that there is none.
  static Response mounted(const FilesMount& mount, FileResponse file) {
    const http::Status status = file.status;
    return {status, {}, MountedFile{&mount, std::make_shared<FileResponse>(std::move(file))}};
  }
};

}  // namespace duplex::server

#include "client/http1_connection.hpp"
#include <duplex/client/content.hpp>
#include <duplex/http/media_type.hpp>

namespace duplex::client {

Content Content::json(std::string json) {
  return {"application/json", std::move(json)};
}

Content Content::bytes(std::string bytes, std::string_view media_type) {
  return {media_type, std::move(bytes)};
}

Content Content::form(const std::vector<http::FormEntry>& entries) {
  return {"application/x-www-form-urlencoded", http::format_form(entries)};
}

Content Content::file(std::string path, std::string_view media_type) {
  if (media_type.empty()) media_type = http::media_type_of(path);
  return {media_type, File{std::move(path)}};
}

ContentWriter::Write ContentWriter::write(std::string_view piece) {
  return write(as_bytes(piece));
}

ContentWriter::Write ContentWriter::write(ConstBytes piece) {
  connection_->write(piece);
  return Write(*connection_);
}

bool ContentWriter::Write::await_ready() const noexcept {
  return connection_->has_room();
}

void ContentWriter::Write::await_suspend(std::coroutine_handle<> waiter) noexcept {
  waiting_ = true;
  connection_->wait_for_room(waiter);
}

ContentWriter::Write::~Write() {
  if (waiting_) connection_->wait_for_room(nullptr);
}

}  // namespace duplex::client

#include "server/http1_connection.hpp"
#include <duplex/server/body.hpp>

namespace duplex::server {

BodyReader::Read BodyReader::read() noexcept {
  return Read(*connection_);
}

bool BodyReader::Read::await_ready() const noexcept {
  return connection_->content_readable();
}

void BodyReader::Read::await_suspend(std::coroutine_handle<> waiter) noexcept {
  waiter_ = waiter;
  connection_->wait_for_content(waiter);
}

BodyReader::Read::~Read() {
  if (waiter_) connection_->forget_content_waiter(waiter_);
}

std::optional<std::string> BodyReader::Read::await_resume() {
  waiter_ = nullptr;
  return connection_->take_content();
}

BodyWriter::Write BodyWriter::write(std::string_view piece) {
  return write(as_bytes(piece));
}

BodyWriter::Write BodyWriter::write(ConstBytes piece) {
  connection_->write_content(piece);
  return Write(*connection_);
}

void BodyWriter::add_trailer(std::string_view name, std::string_view value) {
  connection_->add_trailer(name, value);
}

bool BodyWriter::Write::await_ready() const noexcept {
  return connection_->may_write();
}

void BodyWriter::Write::await_suspend(std::coroutine_handle<> waiter) noexcept {
  waiter_ = waiter;
  connection_->wait_for_room(waiter);
}

BodyWriter::Write::~Write() {
  if (waiter_) connection_->forget_room_waiter(waiter_);
}

}  // namespace duplex::server

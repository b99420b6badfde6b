#include <stdexcept>

#include <duplex/http/percent.hpp>
#include <duplex/server/response.hpp>

namespace duplex::server {

namespace {

constexpr http::ConstantField plain_text("Content-Type", "text/plain; charset=utf-8");
constexpr http::ConstantField html_text("Content-Type", "text/html; charset=utf-8");
constexpr http::ConstantField json_text("Content-Type", "application/json");

}  // namespace

Response::Response(http::Status status, std::string_view media_type, Body body)
    : status_(status), body_(std::move(body)) {
  if (!media_type.empty()) fields_.add("Content-Type", media_type);
}

Response::Response(http::Status status, const http::ConstantField& content_type, std::string text)
    : status_(status), body_(std::move(text)) {
  fields_.add(content_type);
}

Response Response::text(std::string text, http::Status status) {
  return {status, plain_text, std::move(text)};
}

Response Response::html(std::string html, http::Status status) {
  return {status, html_text, std::move(html)};
}

Response Response::json(std::string json, http::Status status) {
  return {status, json_text, std::move(json)};
}

Response Response::bytes(std::string bytes, std::string_view media_type, http::Status status) {
  return {status, media_type, std::move(bytes)};
}

Response Response::shared(SharedBytes bytes, std::string_view media_type, http::Status status) {
  return {status, media_type, std::move(bytes)};
}

Response Response::redirect(std::string_view location, http::Status status) {
  constexpr std::string_view never("\r\n\0", 3);
  if (location.find_first_of(never) != std::string_view::npos) {
    throw std::invalid_argument("a redirection's location holds a line break or NUL");
  }
  return Response(status).add_field("Location", http::percent_encode_uri(location));
}

Response Response::upgrade_required(std::string sentence) {
  return text(std::move(sentence), http::Status::upgrade_required)
      .add_field("Upgrade", "websocket")
      .add_field("Sec-WebSocket-Version", "13");
}

Response Response::file(std::string path) {
  return {http::Status::ok, {}, FilePath{std::move(path)}};
}

Response Response::generated(std::string_view media_type, Generator generator) {
  return {http::Status::ok, media_type, std::move(generator)};
}

Response Response::stream(std::string_view media_type, Stream stream) {
  return {http::Status::ok, media_type, std::move(stream)};
}

namespace {

/// Events are news: no cache may keep them, and no proxy (nginx) may collect them.
Response as_events(Response response) {
  return std::move(response)
      .add_field("Cache-Control", "no-store")
      .add_field("X-Accel-Buffering", "no");
}

}  // namespace

Response Response::events(EventStream events) {
  return as_events({http::Status::ok, "text/event-stream", std::move(events)});
}

Response Response::topic(std::string topic) {
  return as_events({http::Status::ok, "text/event-stream", TopicName{std::move(topic)}});
}

Response& Response::add_field(std::string_view name, std::string_view value) & {
  fields_.add(name, value);
  return *this;
}

Response&& Response::add_field(std::string_view name, std::string_view value) && {
  return std::move(add_field(name, value));
}

Response& Response::set_field(std::string_view name, std::string_view value) & {
  fields_.set(name, value);
  return *this;
}

Response&& Response::set_field(std::string_view name, std::string_view value) && {
  return std::move(set_field(name, value));
}

Response& Response::set_cookie(const http::SetCookie& cookie) & {
  fields_.add("Set-Cookie", http::format_set_cookie(cookie));
  return *this;
}

Response&& Response::set_cookie(const http::SetCookie& cookie) && {
  return std::move(set_cookie(cookie));
}

Response& Response::set_status(http::Status status) & noexcept {
  status_ = status;
  return *this;
}

Response&& Response::set_status(http::Status status) && noexcept {
  return std::move(set_status(status));
}

Response& Response::close_connection() & noexcept {
  close_connection_ = true;
  return *this;
}

Response&& Response::close_connection() && noexcept {
  return std::move(close_connection());
}

}  // namespace duplex::server

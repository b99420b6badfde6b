#pragma once

#include <coroutine>
#include <string>

#include "connection/turn.hpp"
#include "server/dispatcher.hpp"
#include "server/http1_connection.hpp"
#include <duplex/base/task.hpp>
#include <duplex/http/fields.hpp>
#include <duplex/server/body.hpp>
#include <duplex/server/response.hpp>

namespace duplex::server {

/// An exchange that is not over at once.
struct Http1Connection::Answering {
  explicit Answering(Http1Connection& connection)
      : reader(connection), body_writer(connection), event_writer(connection) {}

  Resolution resolution;
  bool collecting = false;  // the content is collected, then the handler is called

  // For a handler that reads the content itself.
  BodyReader reader;
  std::string unread_content;
  std::coroutine_handle<> content_waiter;

  // For content that is written piece by piece.
  BodyWriter body_writer;
  EventWriter event_writer;
  Response::Generator generator;
  Response::Stream stream;
  Response::EventStream event_stream;
  http::Fields trailers;
  bool endless = false;  // events, which end with the connection
  std::coroutine_handle<> room_waiter;
  connection::Turn turn;
  bool turn_over = false;  // others are to have theirs before the next piece

  bool over = false;  // may be destroyed as soon as none of its coroutines is running
  // Last, so that they are destroyed before what they use.
  Task<> handler_task;
  Task<> stream_task;
};

}  // namespace duplex::server

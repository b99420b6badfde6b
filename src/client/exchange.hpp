#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "client/connection.hpp"
#include "client/content_decoder.hpp"
#include "client/dial.hpp"
#include "client/flow.hpp"
#include "net/descriptor.hpp"
#include <duplex/base/byte_queue.hpp>
#include <duplex/base/task.hpp>
#include <duplex/client/request.hpp>
#include <duplex/client/response.hpp>
#include <duplex/client/result.hpp>

namespace duplex::client {

/// One request and its response on one connection, which goes back to the pool when both have
/// ended, and ends when this is destroyed before.
class Exchange {
 public:
  /// What is sent: of `request` the content counts, unless `with_content` is false.
  struct Opening {
    const Route& route;
    http::Method method;
    const http::Fields& fields;
    bool with_content;
    bool expect_continue;
    std::uint32_t redirects;  // that led here
  };

  Exchange(ConnectionHandle connection, std::shared_ptr<Request> request);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Sends the request, and waits for the head of the response.
  Task<Result<ResponseHead>> begin(Flow& flow, Opening opening);
  /// Whether `begin` failed because the connection, which had rested, was closed meanwhile, and
  /// the request can be sent once more: RFC 9110 section 9.2.2.
  bool may_repeat(const Error& error, http::Method method) const noexcept;
  /// Whether the content is as it was before `begin`, or can be made anew.
  bool can_send_again() const noexcept { return !writer_begun_; }
  /// Whether the request asked to be told whether its content is wanted.
  bool expected_continue() const noexcept { return expected_continue_; }

  /// Waits for the next piece of the content, decoded and never empty; nullopt at its end. The view
  /// holds until the caller waits again, for whatever.
  Task<Result<std::optional<ConstBytes>>> read();
  /// Reads what nobody wants, if that is little, so that the connection can be used again.
  Task<> drain();

  /// What Content-Length announces.
  std::optional<std::uint64_t> content_length() const noexcept { return content_length_; }
  /// Whether the content's end is told by a length or a last chunk, not by that of the connection.
  bool tells_its_end() const noexcept { return tells_its_end_; }
  /// Whether the content is decoded, so that its length is another one.
  bool decodes() const noexcept { return decoder_ && decoder_->decodes(); }
  const http::Fields& trailers() const noexcept { return trailers_; }

 private:
  Result<std::optional<std::uint64_t>> measure_content();
  Task<> send_content();
  std::optional<Error> begin_decoding(http::Method method, const ResponseHead& head);
  void take_end(http::FieldsView trailers);
  Error fail(Error error);

  ConnectionHandle connection_;
  std::shared_ptr<Request> request_;
  std::string peer_;
  net::Descriptor file_;  // to be sent
  std::uint64_t file_bytes_ = 0;
  std::optional<std::uint64_t> content_length_;
  bool tells_its_end_ = true;
  std::uint64_t received_bytes_ = 0;
  std::optional<ContentDecoder> decoder_;
  ByteQueue undecoded_;
  http::Fields trailers_;
  bool expected_continue_ = false;
  bool writer_begun_ = false;
  bool ended_ = false;
  bool heard_ = false;
  Task<> sending_;  // last, so that it is destroyed before what it uses
};

}  // namespace duplex::client

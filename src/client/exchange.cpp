#include "client/exchange.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>
#include <variant>

#include "client/content_access.hpp"
#include "client/engine.hpp"
#include "client/printable.hpp"
#include "client/response_facts.hpp"
#include "tls/failure.hpp"

namespace duplex::client {

namespace {

using http1::ResponseParser;

// What is written of a text at a time, before the server has taken it.
constexpr std::size_t text_piece_bytes = std::size_t{256} * 1024;

bool is_idempotent(http::Method method) noexcept {
  switch (method) {
    case http::Method::get:
    case http::Method::head:
    case http::Method::put:
    case http::Method::delete_:
    case http::Method::options:
    case http::Method::trace: return true;
    case http::Method::post:
    case http::Method::patch:
    case http::Method::connect: break;
  }
  return false;
}

/// Whether the error is what the end of a connection looks like that the server had given up.
bool is_closed(std::error_code code) noexcept {
  return code == ClientError::connection_closed || code == http1::Error::no_response ||
         code == tls::TlsError::truncated;
}

}  // namespace

Exchange::Exchange(ConnectionHandle connection, std::shared_ptr<Request> request)
    : connection_(std::move(connection)),
      request_(std::move(request)),
      peer_(connection_->peer_name()) {}

Exchange::~Exchange() = default;

Error Exchange::fail(Error error) {
  if (connection_) heard_ = connection_->http().heard();
  sending_ = {};
  connection_ = {};
  return error;
}

// ---------------------------------------------------------------------------- the request

/// How long the content is, as far as is known; opens it, if it is a file.
Result<std::optional<std::uint64_t>> Exchange::measure_content() {
  const Content& content = request_->content;
  if (const std::string* text = ContentAccess::text(content)) return text->size();
  if (const auto* stream = ContentAccess::stream(request_->content)) return stream->bytes;
  const std::string* const path = ContentAccess::file(content);
  if (path == nullptr) return std::uint64_t{0};
  file_.reset(::open(path->c_str(), O_RDONLY | O_CLOEXEC));
  struct stat facts{};
  int error = 0;
  if (!file_ || ::fstat(file_.number(), &facts) != 0) {
    error = errno;
  } else if (!S_ISREG(facts.st_mode)) {
    error = S_ISDIR(facts.st_mode) ? EISDIR : EINVAL;
  }
  if (error != 0) {
    const std::error_code code(error, std::system_category());
    return std::unexpected(
        Error{.step = Step::file, .code = code, .peer = *path, .reason = code.message()});
  }
  file_bytes_ = static_cast<std::uint64_t>(facts.st_size);
  return file_bytes_;
}

Task<Result<ResponseHead>> Exchange::begin(Flow& flow, Opening opening) {
  flow.at(Step::protocol, peer_);
  Http1Connection& http = connection_->http();
  std::optional<std::uint64_t> content_bytes = 0;
  if (opening.with_content) {
    const auto measured = measure_content();
    if (!measured) co_return std::unexpected(fail(measured.error()));
    content_bytes = *measured;
  }
  const http1::RequestIntent intent{.method = opening.method,
                                    .content_bytes = content_bytes,
                                    .expect_continue = opening.expect_continue};
  expected_continue_ = opening.expect_continue && content_bytes != 0;
  const auto form =
      opening.route.asks_proxy() ? http1::TargetForm::absolute : http1::TargetForm::origin;
  auto request_head = http.begin(
      {.url = opening.route.url, .form = form, .fields = opening.fields, .intent = intent});
  if (!request_head) {
    flow.at(Step::request);
    co_return std::unexpected(fail(flow.error(request_head.error())));
  }
  if (content_bytes == 0) {
    http.end_request();
  } else {
    if (request_->on_upload) http.report_upload(&request_->on_upload, content_bytes);
    sending_ = send_content();
    sending_.start();
  }

  const auto event = co_await http.next();
  if (!event) co_return std::unexpected(fail(event.error()));
  const auto* const found = std::get_if<ResponseParser::Head>(&*event);
  if (found == nullptr || found->framing.switches_protocol) {
    co_return std::unexpected(fail(flow.error(http1::Error::unexpected_upgrade)));
  }
  // It may have made the rest of the request pointless.
  if (!http.wants_content()) sending_ = {};
  content_length_ = found->framing.content_length;
  tells_its_end_ = found->framing.framing != http1::Framing::until_close;
  auto facts = std::make_shared<ResponseHead::Facts>(found->head);
  facts->request_head = std::move(*request_head);
  facts->url = opening.route.url.text();
  facts->redirects = opening.redirects;
  facts->connection_reused = connection_->used_before;
  facts->connection = connection_->facts();
  ResponseHead head(std::move(facts));
  if (auto error = begin_decoding(opening.method, head))
    co_return std::unexpected(fail(std::move(*error)));
  co_return head;
}

Task<> Exchange::send_content() {
  Http1Connection& http = connection_->http();
  co_await http.go_ahead();
  try {
    if (const std::string* text = ContentAccess::text(request_->content)) {
      for (ConstBytes rest = as_bytes(*text); !rest.empty() && http.wants_content();) {
        const ConstBytes piece = rest.first(std::min(rest.size(), text_piece_bytes));
        rest = rest.subspan(piece.size());
        http.write(piece);
        co_await http.room();
      }
    } else if (file_) {
      if (http.wants_content()) http.write_file(std::move(file_), file_bytes_);
    } else if (auto* stream = ContentAccess::stream(request_->content)) {
      ContentWriter writer(http);
      if (http.wants_content()) {
        writer_begun_ = true;
        co_await stream->writer(writer);
      }
    }
  } catch (const std::exception& exception) {
    connection_->fail(Step::request, ClientError::content_failed, exception.what());
  } catch (...) {
    connection_->fail(Step::request, ClientError::content_failed,
                      "an exception that is no std::exception");
  }
  if (http.wants_content() && !http.end_request()) {
    connection_->fail(Step::request, ClientError::content_failed,
                      "the content is not as long as was announced");
  }
}

bool Exchange::may_repeat(const Error& error, http::Method method) const noexcept {
  return !heard_ && is_idempotent(method) && can_send_again() && is_closed(error.code);
}

// ---------------------------------------------------------------------------- the response

std::optional<Error> Exchange::begin_decoding(http::Method method, const ResponseHead& head) {
  // A part of what is encoded can't be decoded.
  const http::Status status = head.status();
  if (!request_->decode || method == http::Method::head || http::forbids_content(status) ||
      status == http::Status::partial_content) {
    return std::nullopt;
  }
  auto decoder = ContentDecoder::make(head.fields().joined("content-encoding"));
  // Nobody reads it where it only says that the answer is elsewhere.
  const bool redirects = http::code(status) >= 300 && http::code(status) < 400;
  if (!decoder && redirects) return std::nullopt;
  if (!decoder) {
    return Error{.step = Step::content,
                 .code = decoder.error().error,
                 .peer = peer_,
                 .reason = std::string(describe(decoder.error().error)) + ": " +
                           printable(decoder.error().coding)};
  }
  decoder_.emplace(std::move(*decoder));
  return std::nullopt;
}

Task<Result<std::optional<ConstBytes>>> Exchange::read() {
  using Piece = std::optional<ConstBytes>;
  const auto undecodable = [this](DecodeError error) {
    return std::unexpected(fail({.step = Step::content,
                                 .code = error,
                                 .peer = peer_,
                                 .reason = std::string(describe(error))}));
  };
  while (true) {
    if (decodes()) {
      ConstBytes coded = std::as_const(undecoded_).content();
      const std::size_t before = coded.size();
      const auto piece = decoder_->next(coded);
      if (!piece) co_return undecodable(piece.error());
      undecoded_.consume(before - coded.size());
      if (!piece->empty()) co_return Piece(*piece);
    }
    if (ended_) {
      if (decodes()) {
        if (const auto finished = decoder_->finish(); !finished) {
          co_return undecodable(finished.error());
        }
      }
      co_return Piece();
    }
    const auto event = co_await connection_->http().next();
    if (!event) co_return std::unexpected(fail(event.error()));
    if (const auto* end = std::get_if<ResponseParser::End>(&*event)) {
      take_end(end->trailers);
      continue;
    }
    const ConstBytes data = std::get<ResponseParser::Content>(*event).data;
    received_bytes_ += data.size();
    if (request_->on_download) request_->on_download(received_bytes_, content_length_);
    if (!decodes()) co_return Piece(data);
    undecoded_.append(data);
  }
}

void Exchange::take_end(http::FieldsView trailers) {
  ended_ = true;
  for (const http::FieldView& line : trailers) trailers_.add(line.name, line.value);
  // A request that is still being sent keeps its connection.
  if (sending_ && !sending_.done() && connection_->http().wants_content()) return;
  sending_ = {};
  // The connection may live on for longer than who wants to know.
  connection_->http().report_upload(nullptr, std::nullopt);
  Engine& engine = connection_->engine();
  engine.pool().give_back(std::move(connection_));
}

Task<> Exchange::drain() {
  if (ended_) co_return;
  connection_->http().discard_response();
  while (connection_->http().exchange().next_step() != http1::ClientStep::close) {
    const auto event = co_await connection_->http().next();
    if (!event) break;
    if (const auto* end = std::get_if<ResponseParser::End>(&*event)) {
      take_end(end->trailers);
      co_return;
    }
  }
}

}  // namespace duplex::client

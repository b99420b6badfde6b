#include "client/download.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "client/fetch.hpp"
#include "client/partial_file.hpp"
#include "tls/failure.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/http/date.hpp>
#include <duplex/http/entity_tag.hpp>
#include <duplex/http/range.hpp>
#include <duplex/net/async.hpp>

namespace duplex::client {

namespace {

// Of the content of an answer that brings no file, for people.
constexpr std::size_t sample_bytes_max = std::size_t{64} * 1024;

// Between two attempts, doubled each time.
constexpr std::chrono::milliseconds retry_delay{200};

std::optional<std::int64_t> date_of(const ResponseHead& head, std::string_view name) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return http::parse_date(trim(head.field(name).value_or("")),
                          std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

/// By what a later request can tell that it is about the same: a strong tag, or else a date that is
/// older than the response, since within one second a file may change twice (RFC 9110 sections
/// 8.8.2.2 and 13.1.5). Empty when there is neither.
std::string validator_of(const ResponseHead& head) {
  if (const auto value = head.field("etag")) {
    const auto tag = http::parse_entity_tag(trim(*value));
    if (tag && !tag->weak) return std::string(trim(*value));
  }
  const auto modified = date_of(head, "last-modified");
  const auto sent = date_of(head, "date");
  if (!modified || !sent || *sent <= *modified) return {};
  return std::string(trim(*head.field("last-modified")));
}

/// Whether a response names another version than `validator`, which `validator_of` has told.
bool contradicts(const ResponseHead& head, std::string_view validator) {
  const auto named = head.field(validator.starts_with('"') ? "etag" : "last-modified");
  return named && trim(*named) != validator;
}

/// Whether a part may be joined with what has come of the version that `validator` names (RFC 9110
/// section 15.3.7.3). One that is sent for an If-Range need not repeat the date, but the tag.
bool shares_validator(const ResponseHead& head, std::string_view validator) {
  if (contradicts(head, validator)) return false;
  return !validator.starts_with('"') || head.field("etag").has_value();
}

/// Whether trying again may help: the way was interrupted, and not the goal in doubt.
bool is_interruption(const Error& error) noexcept {
  if (error.cancelled()) return false;
  if (error.step == Step::connect || error.step == Step::resolve) return true;
  return error.step == Step::protocol || error.code == tls::TlsError::truncated;
}

/// One attempt to bring the rest of a file.
class Attempt {
 public:
  /// `progress` is told how much of the file is there; borrowed.
  Attempt(Flow& flow, std::shared_ptr<Request> request, PartialFile& file,
          const Progress& progress) noexcept
      : flow_(flow), request_(std::move(request)), file_(file), progress_(progress) {}

  /// Yields when all of the file is there.
  Task<Result<ResponseHead>> run(bool resume);
  /// Whether a further attempt could go on where this one broke off.
  bool resumable() const noexcept { return resumable_; }
  std::uint64_t resumed_bytes() const noexcept { return resumed_bytes_; }

 private:
  Error file_error(std::error_code code) const {
    const bool locked = code == std::errc::resource_unavailable_try_again;
    return {.step = Step::file,
            .code = code,
            .peer = file_.part_path(),
            .reason = locked ? "another download is writing it" : code.message()};
  }
  std::optional<http::ByteRange> joining_part(const OpenedResponse& opened,
                                              std::string_view validator);
  Task<Result<ResponseHead>> begin_anew(OpenedResponse opened);
  Task<Result<ResponseHead>> receive(OpenedResponse opened);
  Task<Result<ResponseHead>> receive_part(OpenedResponse opened, http::ByteRange part);
  std::optional<Error> append(ConstBytes piece);
  Error incomplete();

  Flow& flow_;
  std::shared_ptr<Request> request_;
  PartialFile& file_;
  const Progress& progress_;
  bool resumable_ = false;
  std::uint64_t resumed_bytes_ = 0;
  std::optional<std::uint64_t> total_bytes_;
};

Task<Result<ResponseHead>> Attempt::run(bool resume) {
  const http::Fields original = request_->fields;
  std::optional<PartialFile::Origin> origin;
  if (resume) origin = file_.reopen(request_->url);
  resumed_bytes_ = origin ? file_.size() : 0;
  if (resumed_bytes_ > 0) {
    request_->fields.set("Range", "bytes=" + std::to_string(resumed_bytes_) + "-");
    request_->fields.set("If-Range", origin->validator);
  }
  Result<OpenedResponse> opened = co_await open_response(flow_, request_);
  request_->fields = original;
  if (!opened) {
    resumable_ = resumed_bytes_ > 0;
    co_return std::unexpected(std::move(opened.error()));
  }
  const std::string_view validator = origin ? origin->validator : std::string_view();
  const http::Status status = opened->head.status();
  // Nothing is missing, or what is there is of something else.
  if (status == http::Status::range_not_satisfiable && resumed_bytes_ > 0) {
    const auto range =
        http::parse_content_range(trim(opened->head.field("content-range").value_or("")));
    const bool complete = range && range->size == resumed_bytes_;
    if (complete && !contradicts(opened->head, validator)) co_return std::move(opened->head);
    co_return co_await begin_anew(std::move(*opened));
  }
  if (status == http::Status::partial_content && resumed_bytes_ > 0) {
    const auto part = joining_part(*opened, validator);
    if (!part) co_return co_await begin_anew(std::move(*opened));
    co_return co_await receive_part(std::move(*opened), *part);
  }
  flow_.at(Step::protocol);
  if (status == http::Status::partial_content) {
    co_return std::unexpected(
        flow_.error(ClientError::unexpected_part, "the server sent a part that was not asked for"));
  }
  if (status != http::Status::ok) {
    Error error = flow_.error(ClientError::unexpected_status,
                              "the server answered " + std::to_string(http::code(status)) + " " +
                                  std::string(http::reason_phrase(status)));
    error.response =
        std::make_shared<const Response>(co_await sample(std::move(*opened), sample_bytes_max));
    co_return std::unexpected(std::move(error));
  }
  co_return co_await receive(std::move(*opened));
}

/// The part that has been asked for, and fits to what is there.
std::optional<http::ByteRange> Attempt::joining_part(const OpenedResponse& opened,
                                                     std::string_view validator) {
  const auto range =
      http::parse_content_range(trim(opened.head.field("content-range").value_or("")));
  if (!range || !range->range || range->range->offset != resumed_bytes_) return std::nullopt;
  if (!shares_validator(opened.head, validator)) return std::nullopt;
  // One of the two is wrong, and who knows which.
  const auto length = opened.exchange->content_length();
  if (length && *length != range->range->length) return std::nullopt;
  total_bytes_ = range->size;
  return range->range;
}

/// What has come can't be used: asks for all.
Task<Result<ResponseHead>> Attempt::begin_anew(OpenedResponse opened) {
  co_await opened.exchange->drain();
  opened.exchange.reset();
  co_return co_await run(false);
}

std::optional<Error> Attempt::append(ConstBytes piece) {
  if (const std::error_code code = file_.append(piece)) {
    resumable_ = false;
    return file_error(code);
  }
  if (progress_) progress_(file_.size(), total_bytes_);
  return std::nullopt;
}

Error Attempt::incomplete() {
  flow_.at(Step::protocol);
  return flow_.error(http1::Error::incomplete_content,
                     "the server sent only a part of what is missing");
}

/// Receives all of it.
Task<Result<ResponseHead>> Attempt::receive(OpenedResponse opened) {
  resumed_bytes_ = 0;
  const std::string validator = validator_of(opened.head);
  resumable_ = !validator.empty();
  if (const std::error_code code = file_.create({.url = request_->url, .validator = validator})) {
    co_return std::unexpected(file_error(code));
  }
  total_bytes_ = opened.exchange->content_length();
  while (true) {
    const auto piece = co_await opened.exchange->read();
    if (!piece) co_return std::unexpected(piece.error());
    if (!*piece) break;
    if (auto error = append(**piece)) co_return std::unexpected(std::move(*error));
  }
  if (total_bytes_ && total_bytes_ != file_.size()) co_return std::unexpected(incomplete());
  co_return std::move(opened.head);
}

/// Receives what follows on what is there. It is as long as its Content-Range says, or else nobody
/// knows of what it was.
Task<Result<ResponseHead>> Attempt::receive_part(OpenedResponse opened, http::ByteRange part) {
  resumable_ = true;
  std::uint64_t missing_bytes = part.length;
  bool fits = false;
  while (true) {
    const auto piece = co_await opened.exchange->read();
    if (!piece) co_return std::unexpected(piece.error());
    if (!*piece) {
      // A connection that ends too early is an interruption.
      fits = missing_bytes == 0 || !opened.exchange->tells_its_end();
      break;
    }
    const std::size_t size = (*piece)->size();
    if (size > missing_bytes) break;
    if (auto error = append(**piece)) co_return std::unexpected(std::move(*error));
    missing_bytes -= size;
  }
  if (!fits) {
    if (const std::error_code code = file_.cut(resumed_bytes_)) {
      co_return std::unexpected(file_error(code));
    }
    co_return co_await begin_anew(std::move(opened));
  }
  // A server may send less than it was asked for (RFC 9110 section 15.3.7), and need not say how
  // much there is (section 14.4): what is missing is asked for next, until it says that nothing is.
  if (total_bytes_ != file_.size()) co_return std::unexpected(incomplete());
  co_return std::move(opened.head);
}

}  // namespace

Task<Result<Download>> download(Flow& flow, std::shared_ptr<Request> request, DownloadPlan plan) {
  // As it is on the wire, since parts of what is encoded fit to nothing else.
  request->decode = false;
  if (!request->fields.contains("Accept-Encoding")) {
    request->fields.add("Accept-Encoding", "identity");
  }
  // What has come so far is told here, with what was there before.
  const Progress progress = std::exchange(request->on_download, {});
  PartialFile file(plan.path);
  std::optional<std::uint64_t> resumed_bytes;
  for (std::uint32_t attempts = 0;; ++attempts) {
    Attempt attempt(flow, request, file, progress);
    Result<ResponseHead> head = co_await attempt.run(plan.resume || attempts > 0);
    // Nothing is left of what was there before, once an attempt has begun anew.
    if (!resumed_bytes || attempt.resumed_bytes() == 0) resumed_bytes = attempt.resumed_bytes();
    if (head) {
      if (const std::error_code code = file.complete()) {
        co_return std::unexpected(
            Error{.step = Step::file, .code = code, .peer = plan.path, .reason = code.message()});
      }
      co_return Download{.response = std::move(*head),
                         .path = std::move(plan.path),
                         .bytes = file.size(),
                         .resumed_bytes = *resumed_bytes};
    }
    const bool again =
        attempt.resumable() && attempts < plan.retries_max && is_interruption(head.error());
    if (!again) co_return std::unexpected(std::move(head.error()));
    co_await net::sleep_for(retry_delay * (1U << std::min(attempts, 6U)));
  }
}

}  // namespace duplex::client

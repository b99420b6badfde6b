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
  std::optional<Error> place(const ResponseHead& head, const std::string& validator);
  Task<Result<ResponseHead>> receive(OpenedResponse opened);

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
  const http::Status status = opened->head.status();
  // Nothing is missing, or what is there is of something longer.
  if (status == http::Status::range_not_satisfiable && resumed_bytes_ > 0) {
    const auto range =
        http::parse_content_range(trim(opened->head.field("content-range").value_or("")));
    if (range && range->size == resumed_bytes_) co_return std::move(opened->head);
    co_await opened->exchange->drain();
    opened->exchange.reset();
    co_return co_await run(false);
  }
  if (status != http::Status::ok && status != http::Status::partial_content) {
    flow_.at(Step::protocol);
    Error error = flow_.error(ClientError::unexpected_status,
                              "the server answered " + std::to_string(http::code(status)) + " " +
                                  std::string(http::reason_phrase(status)));
    error.response =
        std::make_shared<const Response>(co_await sample(std::move(*opened), sample_bytes_max));
    co_return std::unexpected(std::move(error));
  }
  if (auto error = place(opened->head, origin ? origin->validator : std::string())) {
    co_return std::unexpected(std::move(*error));
  }
  co_return co_await receive(std::move(*opened));
}

/// Opens the file where the content of this response belongs.
std::optional<Error> Attempt::place(const ResponseHead& head, const std::string& validator) {
  if (head.status() == http::Status::partial_content) {
    const auto range = http::parse_content_range(trim(head.field("content-range").value_or("")));
    const bool fits =
        resumed_bytes_ > 0 && range && range->range && range->range->offset == resumed_bytes_;
    const std::string now = validator_of(head);
    if (!fits || (!now.empty() && now != validator)) {
      flow_.at(Step::protocol);
      return flow_.error(ClientError::resource_changed,
                         "the server sent another part than was asked for");
    }
    resumable_ = true;
    total_bytes_ = range->size;
    return std::nullopt;
  }
  resumed_bytes_ = 0;
  const std::string now = validator_of(head);
  resumable_ = !now.empty();
  if (const std::error_code code = file_.create({.url = request_->url, .validator = now})) {
    return file_error(code);
  }
  return std::nullopt;
}

Task<Result<ResponseHead>> Attempt::receive(OpenedResponse opened) {
  // A part is complete in itself: how long the whole is only its Content-Range can tell.
  const bool is_part = opened.head.status() == http::Status::partial_content;
  if (!is_part) total_bytes_ = opened.exchange->content_length();
  while (true) {
    const auto piece = co_await opened.exchange->read();
    if (!piece) co_return std::unexpected(piece.error());
    if (!*piece) break;
    if (const std::error_code code = file_.append(**piece)) {
      resumable_ = false;
      co_return std::unexpected(file_error(code));
    }
    if (progress_) progress_(file_.size(), total_bytes_);
  }
  // A server may send less than it was asked for (RFC 9110 section 15.3.7), and need not say how
  // much there is (section 14.4): what is missing is asked for next, until it says that nothing is.
  if ((is_part || total_bytes_) && total_bytes_ != file_.size()) {
    flow_.at(Step::protocol);
    co_return std::unexpected(flow_.error(http1::Error::incomplete_content,
                                          "the server sent only a part of what is missing"));
  }
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
    if (!resumed_bytes) resumed_bytes = attempt.resumed_bytes();
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

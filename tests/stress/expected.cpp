#include "expected.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "world.hpp"

namespace duplex::stress {

Address::Address(std::string_view url) {
  const std::string_view behind = url.substr(url.find("//") + 2);
  const std::string_view target = behind.substr(behind.find('/'));
  const std::size_t query = target.find("?key=");
  path = target.substr(0, query);
  const std::string_view number = target.substr(query + 5);
  std::from_chars(number.data(), number.data() + number.size(), key);
}

Expected::Expected(Ledger& ledger, std::string_view url, Status status)
    : ledger_(&ledger), content_(0), ear_(ledger, "a reader of events") {
  const Address address(url);
  content_ = Content(address.key);
  constexpr std::array statuses = {Status::ok,
                                   Status::not_found,
                                   Status::internal_server_error,
                                   Status::gateway_timeout,
                                   Status::service_unavailable,
                                   Status::request_timeout};
  if (std::ranges::find(statuses, status) == statuses.end()) {
    ledger.complain(std::string(url) + " was answered " +
                    std::to_string(static_cast<unsigned>(status)));
  }
  if (status != Status::ok) return;
  std::string_view path = address.path;
  if (path.starts_with("/within/")) path.remove_prefix(7);
  if (path == "/stream" || path == "/made" || path == "/big") {
    form_ = Form::text;
  } else if (path == "/events" || path == "/topic") {
    form_ = Form::events;
  } else if (path == "/file") {
    form_ = Form::file;
  } else {
    form_ = Form::sentence;
    sentence_ = std::string(path) + " " + std::to_string(address.key);
  }
}

void Expected::take(std::string_view piece) {
  if (form_ == Form::any) return;
  if (form_ == Form::text) return content_.take(*ledger_, piece);
  waiting_ += piece;
  if (form_ == Form::events) take_events();
}

void Expected::end() {
  switch (form_) {
    case Form::any: break;
    case Form::text: content_.end(*ledger_); break;
    case Form::sentence:
    case Form::file:
      if (waiting_ != (form_ == Form::file ? file_content() : sentence_)) {
        ledger_->complain("not what " + sentence_ + " says: " + waiting_.substr(0, 60));
      }
      ledger_->note(Event::content);
      break;
    case Form::events:
      if (!waiting_.empty()) ledger_->complain("an event that was cut off: " + waiting_);
      break;
  }
}

void Expected::take_events() {
  constexpr std::string_view data = "data: ";
  std::string_view events = waiting_;
  for (std::size_t end = events.find("\n\n"); end != events.npos; end = events.find("\n\n")) {
    const std::string_view event = events.substr(0, end);
    if (event.starts_with(data))
      ear_.hear(event.substr(data.size()));
    else if (!event.starts_with(':'))
      ledger_->complain("no event: " + std::string(event.substr(0, 60)));
    events.remove_prefix(end + 2);
  }
  waiting_.erase(0, waiting_.size() - events.size());
}

std::string file_content() {
  return text_of(0, 0, World::served_bytes);
}

}  // namespace duplex::stress

#include "server/incoming_request.hpp"

#include <functional>
#include <utility>

namespace duplex::server {

namespace {

/// The same part of the copy as `view` is of the original.
std::string_view moved(std::string_view view, std::string_view from, std::string_view to) noexcept {
  // Some views are of constants instead: the path "/" of a target that has none.
  const std::less<> before;
  if (before(view.data(), from.data()) || !before(view.data(), from.data() + from.size())) {
    return view;
  }
  return to.substr(static_cast<std::size_t>(view.data() - from.data()), view.size());
}

}  // namespace

void IncomingRequest::begin(const http::RequestHead& head) noexcept {
  head_ = head;
  parameters_.clear();
  content_.clear();
  expected_content_bytes_ = 0;
  request_.body_ = {};
  request_.trailers_ = {};
}

void IncomingRequest::release() noexcept {
  begin({});
  content_.release();
  std::string().swap(owned_text_);
  std::vector<http::FieldView>().swap(owned_fields_);
}

void IncomingRequest::own_head() {
  if (head_.raw.data() == owned_text_.data()) return;
  owned_text_.assign(head_.raw);
  const std::string_view from = head_.raw;
  const std::string_view to = owned_text_;
  owned_fields_.clear();
  owned_fields_.reserve(head_.fields.size());
  for (const http::FieldView& line : head_.fields) {
    owned_fields_.push_back({moved(line.name, from, to), moved(line.value, from, to)});
  }
  head_.target = moved(head_.target, from, to);
  head_.path = moved(head_.path, from, to);
  head_.query = moved(head_.query, from, to);
  head_.authority = moved(head_.authority, from, to);
  head_.fields = http::FieldsView(owned_fields_);
  head_.raw = to;
}

void IncomingRequest::append_content(ConstBytes piece) {
  if (expected_content_bytes_ == 0) return content_.append(piece);
  content_.append(piece, expected_content_bytes_ - content_.size());
}

void IncomingRequest::set_trailers(http::FieldsView trailers) {
  if (trailers.empty()) return;
  trailers_ = {};
  for (const http::FieldView& line : trailers) trailers_.add(line.name, line.value);
  trailer_views_.clear();
  for (const http::FieldView line : trailers_) {
    trailer_views_.push_back(line);
  }
  request_.trailers_ = http::FieldsView(trailer_views_);
}

void IncomingRequest::add_parameter(std::string_view name, std::string value) {
  parameters_.push_back({name, std::move(value)});
}

}  // namespace duplex::server

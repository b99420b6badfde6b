#include "server/incoming_request.hpp"

#include <cstdint>
#include <utility>

namespace duplex::server {

namespace {

/// The same part of the copy as `view` is of the original; a view of something else, like the path
/// that stands for a missing one, stays what it is.
std::string_view moved(std::string_view view, std::string_view from, std::string_view to) noexcept {
  if (view.empty()) return {};
  const auto offset =
      reinterpret_cast<std::uintptr_t>(view.data()) - reinterpret_cast<std::uintptr_t>(from.data());
  return offset < from.size() ? to.substr(offset, view.size()) : view;
}

}  // namespace

void IncomingRequest::begin(const http::RequestHead& head) noexcept {
  head_ = head;
  parameters_.clear();
  content_.clear();
  request_.body_ = {};
}

void IncomingRequest::release() noexcept {
  begin({});
  std::string().swap(content_);
  std::string().swap(owned_text_);
  std::vector<http::FieldView>().swap(owned_fields_);
}

void IncomingRequest::own_head() {
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

void IncomingRequest::add_parameter(std::string_view name, std::string value) {
  parameters_.push_back({name, std::move(value)});
}

}  // namespace duplex::server

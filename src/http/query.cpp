#include <duplex/http/percent.hpp>
#include <duplex/http/query.hpp>

namespace duplex::http {

namespace {

/// Whether `encoded` decodes to `plain`; without an allocation.
bool decodes_to(std::string_view encoded, std::string_view plain) noexcept {
  for (char const expected : plain) {
    const bool space = !encoded.empty() && encoded.front() == '+';
    const int byte = next_decoded_byte(encoded);
    if (byte < 0) return false;
    if ((space ? ' ' : static_cast<char>(byte)) != expected) return false;
  }
  return encoded.empty();
}

std::string encode(std::string_view text) {
  std::string result = percent_encode(text, " ");
  for (char& character : result) {
    if (character == ' ') character = '+';
  }
  return result;
}

}  // namespace

void QueryView::Iterator::advance() noexcept {
  while (!rest_.empty()) {
    const std::string_view text = rest_.substr(0, rest_.find('&'));
    rest_.remove_prefix(text.size() == rest_.size() ? text.size() : text.size() + 1);
    if (text.empty()) continue;
    const std::size_t equals = text.find('=');
    pair_.name = text.substr(0, equals);
    pair_.value = equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1);
    return;
  }
  at_end_ = true;
}

std::optional<std::string> QueryView::find(std::string_view name) const {
  for (const Pair& pair : *this) {
    if (decodes_to(pair.name, name)) return percent_decode(pair.value, Plus::space);
  }
  return std::nullopt;
}

std::vector<std::string> QueryView::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const Pair& pair : *this) {
    if (!decodes_to(pair.name, name)) continue;
    if (auto value = percent_decode(pair.value, Plus::space)) values.push_back(std::move(*value));
  }
  return values;
}

bool QueryView::contains(std::string_view name) const noexcept {
  for (const Pair& pair : *this) {
    if (decodes_to(pair.name, name)) return true;
  }
  return false;
}

std::optional<std::vector<FormEntry>> parse_form(std::string_view content, std::size_t count_max) {
  std::vector<FormEntry> entries;
  for (const QueryView::Pair& pair : QueryView(content)) {
    if (entries.size() == count_max) return std::nullopt;
    auto name = percent_decode(pair.name, Plus::space);
    auto value = percent_decode(pair.value, Plus::space);
    if (!name || !value) return std::nullopt;
    entries.push_back({std::move(*name), std::move(*value)});
  }
  return entries;
}

std::string format_form(const std::vector<FormEntry>& entries) {
  std::string result;
  for (const FormEntry& entry : entries) {
    if (!result.empty()) result += '&';
    result += encode(entry.name);
    result += '=';
    result += encode(entry.value);
  }
  return result;
}

}  // namespace duplex::http

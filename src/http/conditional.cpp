#include <duplex/base/ascii.hpp>
#include <duplex/http/conditional.hpp>
#include <duplex/http/date.hpp>

namespace duplex::http {

namespace {

/// Whether any line of the field `name` is `*` or lists a tag that matches the current one.
template <class Match>
bool lists_current(FieldsView fields, std::string_view name, const Validators& current,
                   Match match) noexcept {
  for (const FieldView& line : fields) {
    if (!equals_ignoring_case(line.name, name)) continue;
    if (trim(line.value) == "*") {
      if (current.exists) return true;
      continue;
    }
    if (!current.exists || !current.entity_tag) continue;
    std::string_view list = line.value;
    while (const auto tag = next_entity_tag(list)) {
      if (match(*tag, *current.entity_tag)) return true;
    }
  }
  return false;
}

/// The date in the only line of the field `name`; several lines are no date.
std::optional<std::int64_t> date_in(FieldsView fields, std::string_view name,
                                    std::int64_t now_unix_s) noexcept {
  if (fields.count(name) != 1) return std::nullopt;
  return parse_date(trim(*fields.find(name)), now_unix_s);
}

bool known_date(const Validators& current) noexcept {
  return current.exists && current.last_modified_unix_s.has_value();
}

}  // namespace

Precondition evaluate_preconditions(Method method, FieldsView fields, const Validators& current,
                                    std::int64_t now_unix_s) noexcept {
  // They say nothing about methods that neither select nor change a representation
  // (section 13.2.1).
  if (method == Method::connect || method == Method::options || method == Method::trace) {
    return Precondition::proceed;
  }
  const bool reading = method == Method::get || method == Method::head;

  // Steps 1 and 2: is it still what the client wants to act on?
  if (fields.count("if-match") > 0) {
    if (!lists_current(fields, "if-match", current, match_strongly)) return Precondition::failed;
  } else if (const auto since = date_in(fields, "if-unmodified-since", now_unix_s)) {
    if (known_date(current) && *current.last_modified_unix_s > *since) {
      return Precondition::failed;
    }
  }

  // Steps 3 and 4: does the client have it already?
  if (fields.count("if-none-match") > 0) {
    if (lists_current(fields, "if-none-match", current, match_weakly)) {
      return reading ? Precondition::not_modified : Precondition::failed;
    }
  } else if (const auto since = date_in(fields, "if-modified-since", now_unix_s)) {
    if (reading && known_date(current) && *current.last_modified_unix_s <= *since) {
      return Precondition::not_modified;
    }
  }
  return Precondition::proceed;
}

bool range_is_current(FieldsView fields, const Validators& current,
                      std::int64_t now_unix_s) noexcept {
  const auto value = fields.find("if-range");
  if (!value) return true;
  if (!current.exists || fields.count("if-range") != 1) return false;
  if (const auto tag = parse_entity_tag(*value)) {
    return current.entity_tag && match_strongly(*tag, *current.entity_tag);
  }
  const auto date = parse_date(trim(*value), now_unix_s);
  return date && current.last_modified_unix_s == *date && *date < now_unix_s;
}

}  // namespace duplex::http

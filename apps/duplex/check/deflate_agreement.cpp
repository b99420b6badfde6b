#include "deflate_agreement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "printable.hpp"
#include <duplex/base/ascii.hpp>

namespace duplex::app::check {
namespace {

constexpr std::string_view extension = "permessage-deflate";

struct Parameter {
  std::string_view name;
  /// nullopt when there is none; without its quotes.
  std::optional<std::string_view> value;
};

/// One element of Sec-WebSocket-Extensions: a name and its parameters.
struct Element {
  std::string_view name;
  std::vector<Parameter> parameters;

  const Parameter* find(std::string_view parameter) const {
    const auto found = std::ranges::find(parameters, parameter, &Parameter::name);
    return found == parameters.end() ? nullptr : &*found;
  }
};

/// Takes what precedes the next semicolon off the front of `text`.
std::string_view take_part(std::string_view& text) {
  const std::size_t end = std::min(text.find(';'), text.size());
  const std::string_view part = trim(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

Element parse_element(std::string_view text) {
  Element element{.name = take_part(text), .parameters = {}};
  while (!text.empty()) {
    const std::string_view part = take_part(text);
    const std::size_t equals = part.find('=');
    Parameter parameter{.name = trim(part.substr(0, equals)), .value = {}};
    if (equals != std::string_view::npos) {
      std::string_view value = trim(part.substr(equals + 1));
      if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) {
        value = value.substr(1, value.size() - 2);
      }
      parameter.value = value;
    }
    element.parameters.push_back(parameter);
  }
  return element;
}

[[noreturn]] void refuse(std::string_view answer, std::string_view why) {
  throw std::invalid_argument(
      fmt::format("the answer to the offer of compression is \"{}\": {}", printable(answer), why));
}

/// 8 to 15, in digits without a leading zero (section 7.1.2); 0 for anything else.
int window_bits(std::string_view value) {
  const auto bits = parse_decimal(value);
  if (!bits || *bits < 8 || *bits > 15 || value.starts_with('0')) return 0;
  return static_cast<int>(*bits);
}

/// Whether a server may accept this offer at all (section 7.1).
bool is_valid_offer(const Element& offer) {
  std::vector<std::string_view> seen;
  for (const Parameter& parameter : offer.parameters) {
    if (std::ranges::find(seen, parameter.name) != seen.end()) return false;
    seen.push_back(parameter.name);
    const bool has_bits = window_bits(parameter.value.value_or("")) != 0;
    if (parameter.name == "server_no_context_takeover" ||
        parameter.name == "client_no_context_takeover") {
      if (parameter.value) return false;
    } else if (parameter.name == "server_max_window_bits") {
      if (!has_bits) return false;
    } else if (parameter.name == "client_max_window_bits") {
      if (parameter.value && !has_bits) return false;
    } else {
      return false;
    }
  }
  return true;
}

/// Whether this offer allows this answer, and if so, what is agreed on; else a reason.
struct Agreement {
  DeflateParameters parameters;
  std::string why_not;
};

Agreement agree(const Element& offer, const Element& answer) {
  Agreement agreement;
  DeflateParameters& agreed = agreement.parameters;
  const auto refuse_with = [&agreement](std::string why) {
    agreement.why_not = std::move(why);
    return agreement;
  };
  if (!is_valid_offer(offer)) return refuse_with("the offer is invalid, and has to be declined");
  std::vector<std::string_view> seen;
  for (const Parameter& parameter : answer.parameters) {
    if (std::ranges::find(seen, parameter.name) != seen.end()) {
      return refuse_with(fmt::format("{} is doubled", printable(parameter.name)));
    }
    seen.push_back(parameter.name);
    if (parameter.name == "server_no_context_takeover" ||
        parameter.name == "client_no_context_takeover") {
      if (parameter.value) return refuse_with(fmt::format("{} has a value", parameter.name));
      const bool server = parameter.name.starts_with("server");
      (server ? agreed.from_server : agreed.from_client).keeps_context = false;
    } else if (parameter.name == "server_max_window_bits" ||
               parameter.name == "client_max_window_bits") {
      const int bits = window_bits(parameter.value.value_or(""));
      if (bits == 0) {
        return refuse_with(fmt::format("{} is not 8 to 15", parameter.name));
      }
      const Parameter* const offered = offer.find(parameter.name);
      const bool server = parameter.name.starts_with("server");
      if (!server && offered == nullptr) {
        return refuse_with("client_max_window_bits was not offered");
      }
      if (offered != nullptr && offered->value && bits > window_bits(*offered->value)) {
        return refuse_with(fmt::format("{} is larger than offered", parameter.name));
      }
      (server ? agreed.from_server : agreed.from_client).window_bits = bits;
    } else {
      return refuse_with(fmt::format("there is no parameter {}", printable(parameter.name)));
    }
  }
  // Sections 7.1.1.1 and 7.1.2.1: a server that accepts these says so.
  if (offer.find("server_no_context_takeover") != nullptr && agreed.from_server.keeps_context) {
    return refuse_with("server_no_context_takeover was demanded");
  }
  const Parameter* const demanded = offer.find("server_max_window_bits");
  if (demanded != nullptr && answer.find("server_max_window_bits") == nullptr) {
    return refuse_with("server_max_window_bits was demanded");
  }
  return agreement;
}

Agreement agree_on_any(std::string_view offers, const Element& answer) {
  Agreement last{.parameters = {}, .why_not = "it was not offered"};
  while (const auto offer = next_element(offers)) {
    const Element element = parse_element(*offer);
    if (element.name != extension) continue;
    last = agree(element, answer);
    if (last.why_not.empty()) return last;
  }
  return last;
}

}  // namespace

std::optional<DeflateParameters> parse_agreement(std::string_view offer, std::string_view answer) {
  std::string_view rest = answer;
  const auto first = next_element(rest);
  if (!first) return std::nullopt;
  if (next_element(rest)) refuse(answer, "one extension at most was offered");
  const Element element = parse_element(*first);
  if (element.name != extension) refuse(answer, "that extension was not offered");
  const Agreement agreement = agree_on_any(offer, element);
  if (!agreement.why_not.empty()) refuse(answer, agreement.why_not);
  return agreement.parameters;
}

bool allows(std::string_view offer, std::string_view answer) {
  const Element element = parse_element(answer);
  return element.name == extension && agree_on_any(offer, element).why_not.empty();
}

}  // namespace duplex::app::check

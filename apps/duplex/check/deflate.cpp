#include "deflate.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>
#include <vector>

#include "printable.hpp"
#include <duplex/base/ascii.hpp>

namespace duplex::app::check {
namespace {

constexpr std::string_view extension = "permessage-deflate";
/// What ends each message before it is cut off (section 7.2.1).
constexpr std::string_view tail("\0\0\xff\xff", 4);

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

/// zlib's count of what it may read or write at once.
uInt count(std::size_t bytes) {
  return static_cast<uInt>(std::min<std::size_t>(bytes, 1U << 30));
}

Bytef* input_of(std::string_view bytes) {
  // zlib reads it only, whatever its type says.
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
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

Deflater::Deflater(DeflateDirection direction, int level)
    : keeps_context_(direction.keeps_context), stream_(std::make_unique<z_stream>()) {
  // zlib's windows have 9 bits at least. Without matches, which are what looks back, the window
  // does not matter.
  const bool tiny = direction.window_bits < 9;
  const int bits = std::max(direction.window_bits, 9);
  constexpr int memory_level = 8;
  if (deflateInit2(stream_.get(), level, Z_DEFLATED, -bits, memory_level,
                   tiny ? Z_HUFFMAN_ONLY : Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("zlib can't compress: out of memory");
  }
}

Deflater::~Deflater() {
  if (stream_) deflateEnd(stream_.get());
}

Deflater::Deflater(Deflater&&) noexcept = default;

std::string Deflater::compress(std::string_view message) {
  std::string result;
  stream_->next_in = input_of(message);
  stream_->avail_in = count(message.size());
  std::array<char, 16384> buffer;
  do {
    stream_->next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream_->avail_out = count(buffer.size());
    deflate(stream_.get(), Z_SYNC_FLUSH);
    result.append(buffer.data(), buffer.size() - stream_->avail_out);
  } while (stream_->avail_out == 0);
  if (result.ends_with(tail)) result.resize(result.size() - tail.size());
  // Section 7.2.3.6: an empty message is an empty block that is not compressed, less its tail.
  if (result.empty()) result.push_back('\0');
  if (!keeps_context_) deflateReset(stream_.get());
  return result;
}

Inflater::Inflater(DeflateDirection direction)
    : keeps_context_(direction.keeps_context),
      // zlib looks for what is further back than its window in what the same call has written,
      // too. Only by single bytes is a peer found out that looks back further than agreed on; no
      // data can look back further than the largest window.
      step_(direction.window_bits < 15 ? 1 : 16384),
      stream_(std::make_unique<z_stream>()) {
  if (inflateInit2(stream_.get(), -direction.window_bits) != Z_OK) {
    throw std::runtime_error("zlib can't decompress: out of memory");
  }
}

Inflater::~Inflater() {
  if (stream_) inflateEnd(stream_.get());
}

Inflater::Inflater(Inflater&&) noexcept = default;

std::optional<std::string> Inflater::decompress(std::string_view payload, std::size_t bytes_max) {
  std::string input(payload);
  input += tail;
  std::string result;
  stream_->next_in = input_of(input);
  stream_->avail_in = count(input.size());
  std::array<char, 16384> buffer;
  int status = Z_OK;
  do {
    stream_->next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream_->avail_out = step_;
    status = inflate(stream_.get(), Z_SYNC_FLUSH);
    if (status != Z_OK && status != Z_BUF_ERROR && status != Z_STREAM_END) return std::nullopt;
    result.append(buffer.data(), step_ - stream_->avail_out);
    if (result.size() > bytes_max) return std::nullopt;
    if (status == Z_STREAM_END) {
      // A final block (section 7.2.3.4). What follows may look back beyond it: zlib forgets, and is
      // reminded.
      const bool rest = stream_->avail_in > tail.size();
      std::array<Bytef, 32768> window;
      uInt window_bytes = 0;
      inflateGetDictionary(stream_.get(), window.data(), &window_bytes);
      inflateReset(stream_.get());
      inflateSetDictionary(stream_.get(), window.data(), window_bytes);
      if (!rest) break;
      status = Z_OK;
    }
  } while (stream_->avail_in > 0 || stream_->avail_out == 0);
  if (!keeps_context_) inflateReset(stream_.get());
  return result;
}

}  // namespace duplex::app::check

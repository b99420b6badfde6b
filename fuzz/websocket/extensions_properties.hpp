#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/websocket/transcript.hpp"
#include "websocket/deflate_element.hpp"
#include <duplex/websocket/client_handshake.hpp>
#include <duplex/websocket/handshake.hpp>

namespace duplex::websocket::extensions {

using transcript::require;

/// An extension that owns what it says, its values without quotes and escapes.
struct Said {
  std::string name;
  std::vector<std::pair<std::string, std::optional<std::string>>> parameters;

  friend bool operator==(const Said&, const Said&) = default;
};

/// Heads whose Sec-WebSocket-Extensions are these values, one in each line.
class Heads {
 public:
  explicit Heads(std::vector<std::string> values) : values_(std::move(values)) {
    lines_ = {{"Upgrade", "websocket"},
              {"Connection", "Upgrade"},
              {"Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}};
    for (const std::string& value : values_) lines_.push_back({"Sec-WebSocket-Extensions", value});
  }
  Heads(const Heads&) = delete;
  Heads& operator=(const Heads&) = delete;
  ~Heads() = default;

  http::FieldsView fields() const { return http::FieldsView(lines_); }

  http::RequestHead request() const {
    http::RequestHead head;
    head.fields = fields();
    return head;
  }

  std::expected<HandshakeAnswer, ClientHandshakeFailure> answered(
      const std::optional<DeflateOptions>& offered) const {
    http::ResponseHead head;
    head.status = http::Status::switching_protocols;
    head.fields = fields();
    constexpr std::string_view nonce = "the sample nonce";
    return check_answer(head, {.deflate = offered}, handshake_key(as_bytes(nonce).first<16>()));
  }

 private:
  std::vector<std::string> values_;
  std::vector<http::FieldView> lines_;
};

/// All extensions that are read, and whether the end was reached.
inline std::pair<std::vector<Said>, bool> read(const Heads& heads) {
  std::vector<Said> all;
  ExtensionReader reader(heads.fields());
  while (true) {
    const auto extension = reader.next();
    if (!extension || !*extension) {
      require(check_extensions(heads.fields()).has_value() == extension.has_value());
      return {all, extension.has_value()};
    }
    Said said{.name = std::string((*extension)->name()), .parameters = {}};
    require(http::is_token(said.name));
    for (const auto& [name, value] : (*extension)->parameters()) {
      require(http::is_token(name));
      auto& [own_name, own_value] = said.parameters.emplace_back(name, std::nullopt);
      if (!value) continue;
      own_value.emplace(value->written());
      std::erase(*own_value, '\\');
      require(http::is_token(*own_value));
      require(*value == *own_value);
    }
    require(said.parameters.size() <= extension_parameter_count_max);
    all.push_back(std::move(said));
    require(all.size() <= extension_count_max);
  }
}

inline std::string text_of(const Said& said, bool quoted) {
  std::string text = said.name;
  for (const auto& [name, value] : said.parameters) {
    text.append(quoted ? "\t; " : ";").append(name);
    if (!value) continue;
    text += quoted ? "=\"" : "=";
    for (const char each : *value) {
      if (quoted) text += '\\';
      text += each;
    }
    if (quoted) text += '"';
  }
  return text;
}

/// What was read reads back the same from one line and from many, plain and quoted.
inline void check_reading(const Heads& heads) {
  const auto [all, whole] = read(heads);
  std::string one_line;
  std::vector<std::string> many_lines;
  for (const Said& said : all) {
    one_line += text_of(said, true) + " ,";
    many_lines.push_back(text_of(said, false));
  }
  require(read(Heads({one_line})) == std::pair(all, true));
  require(read(Heads(many_lines)) == std::pair(all, true));
}

/// A size of a window as RFC 7692 section 7.1.2 wants it written.
inline std::optional<int> bits_of(const std::string& text) {
  for (int bits = 8; bits <= 15; ++bits) {
    if (text == std::to_string(bits)) return bits;
  }
  return std::nullopt;
}

/// An offer's or an answer's parameters once more, slowly: absent, without a value, or with one.
class NaiveDeflate {
 public:
  explicit NaiveDeflate(const Said& said) : said_(said) {}

  /// RFC 7692 section 7.1.
  bool is_valid(bool is_offer) const {
    if (said_.name != "permessage-deflate") return false;
    const auto first = [](const auto& each) { return std::string_view(each.first); };
    for (const auto& [name, value] : said_.parameters) {
      if (std::ranges::count(said_.parameters, std::string_view(name), first) != 1) return false;
      const bool is_flag =
          name == "server_no_context_takeover" || name == "client_no_context_takeover";
      if (!is_flag && name != "server_max_window_bits" && name != "client_max_window_bits") {
        return false;
      }
      if (is_flag && value) return false;
      if (is_flag) continue;
      if (!value && !(is_offer && name == "client_max_window_bits")) return false;
      if (value && !bits_of(*value)) return false;
    }
    return true;
  }

  bool has(std::string_view name) const {
    return std::ranges::any_of(said_.parameters,
                               [name](const auto& each) { return each.first == name; });
  }

  /// 15 where nothing is said.
  int bits(std::string_view name) const {
    for (const auto& [each, value] : said_.parameters) {
      if (each == name && value) return *bits_of(*value);
    }
    return 15;
  }

 private:
  const Said& said_;
};

/// Whether the answer grants what the offer asks for, and takes no more than it allows.
inline bool fits(const NaiveDeflate& offer, const NaiveDeflate& answer) {
  if (offer.has("server_no_context_takeover") && !answer.has("server_no_context_takeover")) {
    return false;
  }
  if (offer.has("server_max_window_bits") &&
      (!answer.has("server_max_window_bits") ||
       answer.bits("server_max_window_bits") > offer.bits("server_max_window_bits"))) {
    return false;
  }
  return offer.has("client_max_window_bits") || !answer.has("client_max_window_bits");
}

/// What a server says to any request: the first offer that is valid and wants no window of 8 bits
/// gets an answer that is valid and fits; without such an offer there is none.
inline void check_server(const Heads& heads, const DeflateOptions& options) {
  const auto [all, whole] = read(heads);
  const auto answer = accept_deflate(heads.request(), options);
  const auto offer = std::ranges::find_if(all, [](const Said& said) {
    const NaiveDeflate naive(said);
    return naive.is_valid(true) && naive.bits("server_max_window_bits") > 8;
  });
  require(answer.has_value() == (offer != all.end()));
  if (!answer) return;

  const auto [answers, answer_whole] = read(Heads({std::string(answer->text.view())}));
  require(answer_whole && answers.size() == 1);
  const NaiveDeflate naive(answers[0]);
  require(naive.is_valid(false));
  require(fits(NaiveDeflate(*offer), naive));
  const DeflateParameters& agreed = answer->parameters;
  require(agreed.server_no_context_takeover == naive.has("server_no_context_takeover"));
  require(agreed.client_no_context_takeover == naive.has("client_no_context_takeover"));
  require(agreed.server_max_window_bits == naive.bits("server_max_window_bits"));
  require(agreed.client_max_window_bits == naive.bits("client_max_window_bits"));
  require(agreed.server_max_window_bits <= options.send_window_bits_max);
  require(agreed.server_no_context_takeover || options.keep_send_window);
  require(agreed.client_no_context_takeover ||
          (options.keep_receive_window &&
           agreed.client_max_window_bits <= options.receive_window_bits_max));
  require(DeflateParameters::from_key(agreed.key()) == agreed);
}

/// What a client makes of any answer: it is taken when it is valid and fits the client's offer, and
/// only then.
inline void check_client(const Heads& heads, const std::optional<DeflateOptions>& options) {
  const auto [all, whole] = read(heads);
  const auto opened = heads.answered(options);
  if (!whole || all.size() > 1 || (!options && !all.empty())) return require(!opened);
  if (all.empty()) return require(opened.has_value() && !opened->deflate);

  const auto [offers, offer_whole] = read(Heads({std::string(deflate_offer(*options).view())}));
  require(offer_whole && offers.size() == 1);
  const NaiveDeflate offer(offers[0]);
  const NaiveDeflate answer(all[0]);
  require(offer.is_valid(true));
  require(opened.has_value() == (answer.is_valid(false) && fits(offer, answer)));
  if (!opened) return require(!describe(opened.error()).empty());
  const DeflateParameters& agreed = opened->deflate.value();
  require(agreed.server_max_window_bits == answer.bits("server_max_window_bits"));
  require(agreed.server_no_context_takeover == answer.has("server_no_context_takeover"));
  require(agreed.server_max_window_bits <= options->receive_window_bits_max);
  require(agreed.client_max_window_bits <= answer.bits("client_max_window_bits"));
  require(agreed.client_max_window_bits <= options->send_window_bits_max);
  require(agreed.server_no_context_takeover || options->keep_receive_window);
  require(agreed.client_no_context_takeover ||
          (options->keep_send_window && !answer.has("client_no_context_takeover")));
}

/// Our server and our client always come to an agreement, and to the same; but that a server can't
/// know of a limit that the client keeps to without saying so.
inline void check_both(const DeflateOptions& client, const DeflateOptions& server) {
  const auto answer =
      accept_deflate(Heads({std::string(deflate_offer(client).view())}).request(), server);
  require(answer.has_value());
  const auto opened = Heads({std::string(answer->text.view())}).answered(client);
  require(opened.has_value());
  DeflateParameters agreed = answer->parameters;
  if (!client.let_server_limit_window) agreed.client_max_window_bits = client.send_window_bits_max;
  require(opened->deflate == agreed);
}

/// Any options that there may be, from two bytes.
inline DeflateOptions options_of(std::byte windows, std::byte flags) {
  const auto bits = [](unsigned number) { return static_cast<std::uint8_t>(9 + number % 7); };
  const auto window = std::to_integer<unsigned>(windows);
  const auto flag = std::to_integer<unsigned>(flags);
  return {.send_window_bits_max = bits(window % 16),
          .receive_window_bits_max = bits(window / 16),
          .keep_send_window = (flag & 1U) != 0,
          .keep_receive_window = (flag & 2U) != 0,
          .let_server_limit_window = (flag & 4U) != 0};
}

}  // namespace duplex::websocket::extensions

namespace duplex::websocket {

/// The first four bytes are options of a server and of a client; the lines behind them are values
/// of Sec-WebSocket-Extensions, which a server and a client take for what the other one says.
inline void check_extensions(ConstBytes data) {
  using namespace extensions;
  if (data.size() < 4) return;
  const DeflateOptions server = options_of(data[0], data[1]);
  const DeflateOptions client = options_of(data[2], data[3]);
  std::vector<std::string> values(1);
  for (const char each : as_text(data.subspan(4))) {
    if (each == '\n') {
      values.emplace_back();
    } else {
      values.back() += each;
    }
  }
  const Heads heads(std::move(values));
  check_reading(heads);
  check_server(heads, server);
  check_client(heads, client);
  check_client(heads, std::nullopt);
  check_both(client, server);
}

}  // namespace duplex::websocket

#include <algorithm>
#include <stdexcept>
#include <string>

#include "websocket/deflate_element.hpp"

namespace duplex::websocket {

namespace {

void check_window(std::string_view name, std::uint8_t bits) {
  if (bits >= compressor_window_bits_min && bits <= window_bits_max) return;
  throw std::invalid_argument(std::string(name) + " is " + std::to_string(bits) +
                              ": set it to 9 to 15");
}

/// The answer to a valid offer; nullopt when it can't be met.
std::optional<DeflateAnswer> accept(const DeflateElement& offer,
                                    const DeflateOptions& options) noexcept {
  DeflateAnswer answer;
  DeflateParameters& agreed = answer.parameters;

  // Sections 7.1.1.1 and 7.1.2.1: what is asked for must be granted, by saying so; and both may be
  // said without being asked for.
  agreed.server_no_context_takeover = offer.server_no_context_takeover || !options.keep_send_window;
  agreed.server_max_window_bits = std::min(offer.server_max_window_bits.value_or(window_bits_max),
                                           options.send_window_bits_max);
  if (agreed.server_max_window_bits < compressor_window_bits_min) return std::nullopt;

  // Section 7.1.2.2: the client's window can be limited only where it has offered that. Its value
  // is a hint at what it does anyway, and is made binding.
  const std::uint8_t hint = offer.client_max_window_bits.value_or(window_bits_max);
  const bool limited = offer.lets_server_limit_window();
  agreed.client_max_window_bits =
      limited ? std::min(hint, options.receive_window_bits_max) : window_bits_max;
  // Section 7.1.1.2: this may be said to any offer; of the client it is a hint, too.
  agreed.client_no_context_takeover =
      offer.client_no_context_takeover || !options.keep_receive_window ||
      agreed.client_max_window_bits > options.receive_window_bits_max;

  DeflateElement element{
      .server_no_context_takeover = agreed.server_no_context_takeover,
      .client_no_context_takeover = agreed.client_no_context_takeover,
  };
  if (offer.server_max_window_bits || agreed.server_max_window_bits < window_bits_max) {
    element.server_max_window_bits = agreed.server_max_window_bits;
  }
  if (agreed.client_max_window_bits < window_bits_max) {
    element.client_max_window_bits = agreed.client_max_window_bits;
  }
  answer.text = write_deflate_element(element);
  return answer;
}

}  // namespace

void check_deflate_options(const DeflateOptions& options) {
  check_window("send_window_bits_max", options.send_window_bits_max);
  check_window("receive_window_bits_max", options.receive_window_bits_max);
  if (options.level < 1 || options.level > 9) {
    throw std::invalid_argument("the compression level is " + std::to_string(options.level) +
                                ": set it to 1 (fast) to 9 (small)");
  }
}

DeflateElement deflate_offer_element(const DeflateOptions& options) noexcept {
  DeflateElement element{
      .server_no_context_takeover = !options.keep_receive_window,
      .client_no_context_takeover = !options.keep_send_window,
  };
  if (options.receive_window_bits_max < window_bits_max) {
    element.server_max_window_bits = options.receive_window_bits_max;
  }
  if (options.let_server_limit_window) {
    if (options.send_window_bits_max < window_bits_max) {
      element.client_max_window_bits = options.send_window_bits_max;
    } else {
      element.bare_client_max_window_bits = true;
    }
  }
  return element;
}

DeflateText deflate_offer(const DeflateOptions& options) noexcept {
  return write_deflate_element(deflate_offer_element(options));
}

std::optional<DeflateAnswer> accept_deflate(const http::RequestHead& head,
                                            const DeflateOptions& options) noexcept {
  ExtensionReader reader(head.fields);
  while (true) {
    const auto extension = reader.next();
    if (!extension || !*extension) return std::nullopt;
    if ((*extension)->name() != deflate_extension) continue;
    const auto offer = parse_deflate_element(**extension, DeflateElementKind::offer);
    if (!offer) continue;
    if (const auto answer = accept(*offer, options)) return answer;
  }
}

}  // namespace duplex::websocket

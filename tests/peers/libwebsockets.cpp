// libwebsockets, with its own loop in one thread. See settings.hpp for what it is told.

#include <libwebsockets.h>

#include <cstring>
#include <deque>
#include <string>
#include <utility>

#include "settings.hpp"

namespace {

/// What came at once of a message, to go back the same way, as the library's own examples do it: it
/// compresses no more than some KiB in one call.
struct Piece {
  lws_write_protocol kind;
  std::string bytes;  // behind LWS_PRE bytes for the library
};

/// One WebSocket, of either side.
struct Conversation {
  std::deque<Piece> outgoing;
  std::string text;  // what has come of a message
  std::size_t message_bytes = 0;
  bool binary = false;
};

/// Pieces that may wait to go before nothing more is read.
constexpr std::size_t waiting_max = 64;

/// What the client's only conversation leaves behind.
struct Outcome {
  bool over = false;
  std::string last_text;
};

/// Queues a piece of a message.
int receive(lws* wsi, Conversation& conversation, Outcome* outcome, std::string_view bytes) {
  const bool first = lws_is_first_fragment(wsi) != 0;
  const bool final = lws_is_final_fragment(wsi) != 0;
  if (first) {
    conversation.binary = lws_frame_is_binary(wsi) != 0;
    conversation.message_bytes = 0;
    conversation.text.clear();
  }
  conversation.message_bytes += bytes.size();
  if (conversation.message_bytes > message_bytes_max) {
    lws_close_reason(wsi, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, nullptr, 0);
    return -1;
  }
  if (outcome != nullptr && !conversation.binary) {
    conversation.text += bytes;
    if (final) outcome->last_text = conversation.text;
  }
  const auto kind = conversation.binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
  conversation.outgoing.push_back(
      {static_cast<lws_write_protocol>(lws_write_ws_flags(kind, first, final)),
       std::string(LWS_PRE, '\0').append(bytes)});
  if (conversation.outgoing.size() == waiting_max) lws_rx_flow_control(wsi, 0);
  lws_callback_on_writable(wsi);
  return 0;
}

int send_one(lws* wsi, Conversation& conversation) {
  if (conversation.outgoing.empty()) return 0;
  Piece piece = std::move(conversation.outgoing.front());
  conversation.outgoing.pop_front();
  if (conversation.outgoing.size() == waiting_max - 1) lws_rx_flow_control(wsi, 1);
  if (!conversation.outgoing.empty()) lws_callback_on_writable(wsi);
  auto* bytes = reinterpret_cast<unsigned char*>(piece.bytes.data());
  const int written = lws_write(wsi, bytes + LWS_PRE, piece.bytes.size() - LWS_PRE, piece.kind);
  return written < 0 ? -1 : 0;
}

int on_event(lws* wsi, lws_callback_reasons reason, void* user, void* in, size_t size) {
  auto** slot = static_cast<Conversation**>(user);
  auto* outcome = static_cast<Outcome*>(lws_context_user(lws_get_context(wsi)));
  switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
    case LWS_CALLBACK_CLIENT_ESTABLISHED: *slot = new Conversation; return 0;
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_CLIENT_RECEIVE:
      return receive(wsi, **slot, outcome, {static_cast<const char*>(in), size});
    case LWS_CALLBACK_SERVER_WRITEABLE:
    case LWS_CALLBACK_CLIENT_WRITEABLE: return send_one(wsi, **slot);
    case LWS_CALLBACK_CLOSED: delete *slot; return 0;
    case LWS_CALLBACK_CLIENT_CLOSED: delete *slot; [[fallthrough]];
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR: outcome->over = true; return 0;
    default: return lws_callback_http_dummy(wsi, reason, user, in, size);
  }
}

/// What a client offers. A server of this library takes what it is offered.
std::string offer(const Settings& settings) {
  const std::string bits = std::to_string(settings.window_bits);
  std::string text = "permessage-deflate; client_max_window_bits";
  if (settings.window_bits != 15) text += '=' + bits + "; server_max_window_bits=" + bits;
  if (settings.no_context_takeover) {
    text += "; server_no_context_takeover; client_no_context_takeover";
  }
  return text;
}

class Context {
 public:
  Context(const Settings& settings, int port, Outcome* outcome) : offer_(offer(settings)) {
    extensions_[0] = {"permessage-deflate", lws_extension_callback_pm_deflate, offer_.c_str()};
    lws_context_creation_info info{};
    info.port = port;
    info.iface = "127.0.0.1";
    info.protocols = protocols_;
    info.extensions = settings.deflate ? extensions_ : nullptr;
    info.options = LWS_SERVER_OPTION_VALIDATE_UTF8;
    // Otherwise it reads 4 KiB at a time and makes a piece of each, which is what its compression
    // can take.
    if (!settings.deflate) info.pt_serv_buf_size = 1U << 17U;
    info.user = outcome;
    context_ = lws_create_context(&info);
    if (context_ == nullptr) throw std::runtime_error("libwebsockets can't begin");
  }
  ~Context() { lws_context_destroy(context_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  lws_context* get() const { return context_; }

 private:
  std::string offer_;
  lws_extension extensions_[2]{};
  lws_protocols protocols_[2]{{"", on_event, sizeof(Conversation*), 1U << 16U, 0, nullptr, 0}, {}};
  lws_context* context_;
};

void serve(const Settings& settings) {
  const Context context(settings, settings.port, nullptr);
  announce(static_cast<unsigned short>(
      lws_get_vhost_listen_port(lws_get_vhost_by_name(context.get(), "default"))));
  while (lws_service(context.get(), 0) >= 0) {
  }
}

void run(const Settings& settings) {
  const std::string host = settings.host + ':' + std::to_string(settings.port);
  run_cases(settings, [&](const std::string& target) {
    Outcome outcome;
    const Context context(settings, CONTEXT_PORT_NO_LISTEN, &outcome);
    lws_client_connect_info info{};
    info.context = context.get();
    info.address = settings.host.c_str();
    info.port = settings.port;
    info.path = target.c_str();
    info.host = host.c_str();
    info.local_protocol_name = "";
    if (lws_client_connect_via_info(&info) == nullptr) return outcome.last_text;
    // The loop wakes for the limit of time, too.
    lws_sorted_usec_list_t limit{};
    const auto limit_us = std::chrono::microseconds(settings.case_limit).count();
    const auto deadline = std::chrono::steady_clock::now() + settings.case_limit;
    lws_sul_schedule(context.get(), 0, &limit, [](lws_sorted_usec_list_t*) {}, limit_us);
    while (!outcome.over && std::chrono::steady_clock::now() < deadline) {
      if (lws_service(context.get(), 0) < 0) break;
    }
    lws_sul_schedule(context.get(), 0, &limit, nullptr, LWS_SET_TIMER_USEC_CANCEL);
    return outcome.last_text;
  });
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse_settings(argc, argv, "libwebsockets");
  if (settings.time_limits) refuse("libwebsockets is told no time limits here");
  if (settings.level) refuse("libwebsockets has no level of compression to choose here");
  if (settings.serve && (settings.no_context_takeover || settings.window_bits != 15)) {
    refuse("a server of libwebsockets does what the client asks for");
  }
  lws_set_log_level(0, nullptr);
  end_when_told();
  settings.serve ? serve(settings) : run(settings);
}

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frame.hpp"

namespace duplex::app::check {

class Script;

/// Which peers a case is for.
enum class Checks : std::uint8_t { both, servers, clients };

/// What has happened when a case's script begins.
enum class Begin : std::uint8_t {
  /// The WebSocket is open, and with the compression that the case wants.
  opened,
  /// The connection is there. For a server nothing has been sent; of a client the request has been
  /// read, and not been answered.
  connected,
};

/// permessage-deflate for a case (RFC 7692).
struct Compression {
  /// What a server is offered, as in Sec-WebSocket-Extensions. A server that declines it makes the
  /// case not applicable.
  std::string offer = "permessage-deflate";
  /// What a client is answered; a client whose offer does not allow it makes the case not
  /// applicable. Empty: the same as `offer`, which then must be an answer, too, without a
  /// client_max_window_bits that has no value.
  std::string answer = {};
};

/// One thing that a peer, which echoes messages, does right or not.
///
///     cases.push_back({.id = "framing/text-125",
///                      .title = "Text of 125 bytes, the most that seven bits can tell",
///                      .expected = "it is echoed",
///                      .rule = "RFC 6455 section 5.2",
///                      .run = [](Script& script) {
///                        script.send({.opcode = Opcode::text, .payload = std::string(125, 'a')});
///                        script.expect_echo(text(std::string(125, 'a')));
///                        script.close();
///                      }});
struct Case {
  /// `group/what-it-is`, in lower case, of words; stays the same over the years, since people write
  /// it in their CI's configuration.
  std::string id = {};
  /// What is sent, for people: a phrase that begins with a capital and has no full stop.
  std::string title = {};
  /// Which outcome is right: a phrase, such as "it fails with 1002".
  std::string expected = {};
  /// `RFC 6455 section 5.5.1`; of several, `RFC 6455 sections 4.1, 5.5, RFC 9112 section 5`.
  std::string rule = {};
  Checks checks = Checks::both;
  Begin begin = Begin::opened;
  std::optional<Compression> compression = {};
  /// The time limit of this case is that of all, so many times: for what takes longer.
  int time_factor = 1;
  /// The script, which blocks. Runs in any thread, at the same time as others, the same one too: it
  /// must not change what it has captured.
  std::function<void(Script&)> run = {};

  /// What precedes the slash.
  std::string_view group() const noexcept { return std::string_view(id).substr(0, id.find('/')); }
  /// Whether it is for peers that are this end.
  bool is_for(End checked) const noexcept {
    return checks == Checks::both ||
           (checks == Checks::servers ? checked == End::server : checked == End::client);
  }
};

using Cases = std::vector<Case>;

}  // namespace duplex::app::check

// HTTP/1.1 without any I/O: bytes in, events out. The parser takes what there is, in pieces of any
// size, and says what it found; where the bytes come from is not its business.

#include <iostream>
#include <string_view>
#include <variant>

#include <duplex/base/byte_queue.hpp>
#include <duplex/http1/error.hpp>
#include <duplex/http1/request_parser.hpp>

namespace {

using duplex::http1::RequestParser;

void print(const RequestParser::Event& event) {
  if (const auto* request = std::get_if<RequestParser::Head>(&event)) {
    std::cout << "head: " << name(request->head.method) << ' ' << request->head.path << '\n';
    for (const auto& line : request->head.fields) {
      std::cout << "  " << line.name << " = " << line.value << '\n';
    }
  } else if (const auto* content = std::get_if<RequestParser::Content>(&event)) {
    std::cout << "content: " << duplex::as_text(content->data) << '\n';
  } else {
    std::cout << "end\n";
  }
}

}  // namespace

int main() {
  const duplex::http1::Limits limits;
  duplex::http1::FieldTable fields;
  RequestParser parser(limits, fields);

  duplex::ByteQueue wire;
  for (const std::string_view piece :
       {"POST /notes HT", "TP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
        "5\r\nHello\r\n", "0\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n"}) {
    std::cout << "-- " << piece.size() << " bytes come in\n";
    wire.append(piece);
    duplex::Bytes input = wire.content();
    auto event = parser.next(input);
    for (; event && *event; event = parser.next(input)) print(**event);
    if (!event) std::cout << "refused: " << describe(event.error()) << '\n';
    wire.consume(wire.size() - input.size());
  }
}

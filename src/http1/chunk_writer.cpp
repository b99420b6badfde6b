#include "http1/field_section.hpp"
#include "http1/pen.hpp"
#include <duplex/http1/chunk_writer.hpp>

namespace duplex::http1 {

void write_chunk(ConstBytes data, ByteQueue& out) noexcept {
  if (data.empty()) return;
  write_chunk_head(data.size(), out);
  out.append(data);
  write_chunk_tail(out);
}

void write_chunk_head(std::uint64_t data_bytes, ByteQueue& out) noexcept {
  out.append(Digits(data_bytes, 16).text());
  out.append(crlf);
}

void write_chunk_tail(ByteQueue& out) noexcept {
  out.append(crlf);
}

void write_last_chunk(const http::Fields& trailers, ByteQueue& out) noexcept {
  out.append("0\r\n");
  for (const http::FieldView line : trailers) {
    if (!may_be_trailer(line.name)) continue;
    Pen pen(out.prepare(line_bytes(line)));
    pen << line;
    out.commit(pen.size());
  }
  out.append(crlf);
}

void write_last_chunk(ByteQueue& out) noexcept {
  out.append("0\r\n\r\n");
}

}  // namespace duplex::http1

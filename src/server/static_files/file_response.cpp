#include "server/static_files/file_response.hpp"

#include <duplex/http/conditional.hpp>
#include <duplex/http/range.hpp>

namespace duplex::server {

namespace {

FileResponse::Piece piece_of(const LoadedFile& file, http::ByteRange range) {
  if (file.descriptor) {
    return connection::FileRange{file.descriptor, range.offset, range.length};
  }
  return BytesSlice{file.content, static_cast<std::size_t>(range.offset),
                    static_cast<std::size_t>(range.length)};
}

/// The file's tag with the coding's name, since the bytes are others (RFC 9110 section 8.8.3.3).
std::string coded_entity_tag(std::string_view tag, http::ContentCoding coding) {
  std::string coded(tag);
  coded.back() = '-';
  coded += name(coding);
  coded += '"';
  return coded;
}

/// The fields that every answer about the representation carries, also 304 (RFC 9110 section
/// 15.4.5).
void add_common_fields(http::Fields& fields, const FileRepresentation& representation,
                       std::string_view entity_tag) {
  fields.add("ETag", entity_tag);
  if (!representation.cache_control.empty()) {
    fields.add("Cache-Control", representation.cache_control);
  }
  if (representation.varies_by_coding) fields.add("Vary", "Accept-Encoding");
  if (representation.varies_by_media_type) fields.add("Vary", "Accept");
}

void add_content_fields(http::Fields& fields, const FileRepresentation& representation) {
  fields.add("Last-Modified", representation.file.last_modified);
  fields.add("Accept-Ranges", "bytes");
  fields.add("X-Content-Type-Options", "nosniff");
  if (representation.coding != http::ContentCoding::identity) {
    fields.add("Content-Encoding", name(representation.coding));
  }
}

void add_parts(FileResponse& response, const FileRepresentation& representation,
               std::span<const http::ByteRange> ranges, std::string_view boundary) {
  const std::uint64_t size = representation.file.status.size_bytes;
  const auto add_text = [&response](std::string text) {
    response.content_length += text.size();
    response.pieces.emplace_back(std::move(text));
  };
  for (const http::ByteRange range : ranges) {
    add_text(http::format_part_head(boundary, representation.media_type, range, size));
    response.pieces.push_back(piece_of(representation.file, range));
    response.content_length += range.length;
  }
  add_text(http::format_multipart_end(boundary));
}

}  // namespace

FileResponse respond_with(const FileRepresentation& representation, const http::RequestHead& head,
                          std::string_view boundary, std::chrono::system_clock::time_point now) {
  const LoadedFile& file = representation.file;
  const std::uint64_t size = file.status.size_bytes;
  const std::int64_t now_unix_s = std::chrono::system_clock::to_time_t(now);
  const bool is_coded = representation.coding != http::ContentCoding::identity;
  const std::string coded_tag =
      is_coded ? coded_entity_tag(file.entity_tag, representation.coding) : std::string();
  const std::string_view entity_tag = is_coded ? coded_tag : file.entity_tag;
  const http::Validators validators = {
      representation.own_entity_tag.value_or(
          http::EntityTag{entity_tag.substr(1, entity_tag.size() - 2), false}),
      representation.own_modified_unix_s.value_or(file.status.modified_unix_s()), true};
  // Conditions are for what is not done yet, and would be done (RFC 9110 section 13.2.1).
  const bool is_get = head.method == http::Method::get;
  const bool is_head = head.method == http::Method::head;
  FileResponse response;

  if (representation.is_ok && (is_get || is_head)) {
    switch (http::evaluate_preconditions(head.method, head.fields, validators, now_unix_s)) {
      case http::Precondition::proceed: break;
      case http::Precondition::not_modified:
        response.status = http::Status::not_modified;
        add_common_fields(response.fields, representation, entity_tag);
        return response;
      case http::Precondition::failed:
        response.status = http::Status::precondition_failed;
        return response;
    }
  }

  // Ranges are for GET only (RFC 9110 section 14.2), and for one Range field.
  http::RangeSelection selection;
  if (representation.is_ok && is_get && head.fields.count("range") == 1 &&
      http::range_is_current(head.fields, validators, now_unix_s)) {
    selection = http::select_ranges(*head.fields.find("range"), size);
  }
  if (selection.kind() == http::RangeSelection::Kind::unsatisfiable) {
    response.status = http::Status::range_not_satisfiable;
    response.fields.add("Content-Range", http::format_unsatisfied_range(size));
    return response;
  }

  add_common_fields(response.fields, representation, entity_tag);
  add_content_fields(response.fields, representation);
  const std::span<const http::ByteRange> ranges = selection.ranges();
  if (ranges.size() > 1) {
    response.status = http::Status::partial_content;
    response.fields.add("Content-Type", "multipart/byteranges; boundary=" + std::string(boundary));
    add_parts(response, representation, ranges, boundary);
    return response;
  }

  http::ByteRange range{0, size};
  if (ranges.size() == 1) {
    range = ranges.front();
    response.status = http::Status::partial_content;
    response.fields.add("Content-Range", http::format_content_range(range, size));
  }
  response.fields.add("Content-Type", representation.media_type);
  response.content_length = range.length;
  if (!is_head && range.length > 0) {
    response.pieces.push_back(piece_of(file, range));
  }
  return response;
}

}  // namespace duplex::server

"""What servers answer that they must not, as tables: what is wrong, and the rule that it breaks."""

from support.frames import accept_for
from support.scripted import upgrade


def head(*fields, status="HTTP/1.1 200 OK"):
    return "\r\n".join([status, *fields, "", ""]).encode("latin-1")


def chunked(content):
    return head("Transfer-Encoding: chunked") + content.encode("latin-1")


def length(value):
    return head(f"Content-Length: {value}")


# Responses to a GET, by the enumerator of http1::Error. After each the server stays, silently.
RESPONSES = [
    ("invalid_status_line", b"SSH-2.0-OpenSSH_9.2\r\n"),
    ("invalid_status_line", b"<html>"),
    ("invalid_status_line", b"\r\n" + head("Content-Length: 0")),
    ("invalid_status_line", head(status="HTTP/1.1 2x0 OK")),
    ("invalid_status_line", b"\x15\x03\x01\x00\x02\x02\x46\r\n"),  # an alert of TLS
    ("unsupported_version", head(status="HTTP/2 200 OK")),
    ("unsupported_version", head(status="HTTP/0.9 200 OK")),
    ("invalid_status_code", head(status="HTTP/1.1 099 OK")),
    ("invalid_status_code", head(status="HTTP/1.1 600 OK")),
    ("invalid_reason", head(status="HTTP/1.1 200 \x1b[0m")),
    ("bare_carriage_return", head("A: b\rSet-Cookie: c=d")),
    ("bare_line_feed", b"HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
    ("folded_line", head(" A: b")),
    ("space_before_colon", head("Transfer-Encoding : chunked")),
    ("empty_field_name", head(": b")),
    ("invalid_field_name", head("nocolon")),
    ("invalid_field_value", head("A: b\0")),
    ("head_too_large", head("A: " + "b" * (256 << 10))),
    ("too_many_fields", head(*["A: b"] * 257)),
    # Where one reader sees another end than the next: smuggling.
    ("transfer_encoding_and_length", head("Content-Length: 5", "Transfer-Encoding: chunked")),
    ("transfer_encoding_and_length", head("Transfer-Encoding: chunked", "Content-Length: 5")),
    ("transfer_encoding_in_http_1_0", head("Transfer-Encoding: chunked", status="HTTP/1.0 200 OK")),
    ("repeated_transfer_encoding", head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")),
    ("chunked_not_last", head("Transfer-Encoding: chunked, identity")),
    ("chunked_not_last", head("Transfer-Encoding: xchunked")),
    ("unknown_transfer_coding", head("Transfer-Encoding: gzip, chunked")),
    ("differing_content_lengths", head("Content-Length: 5", "Content-Length: 6")),
    ("differing_content_lengths", length("5, 6")),
    ("invalid_content_length", length("+5")),
    ("invalid_content_length", length("0x5")),
    ("invalid_content_length", length("18446744073709551616")),
    ("forbidden_content", head("Content-Length: 1", status="HTTP/1.1 204 No Content")),
    ("unexpected_upgrade", head("Upgrade: x", "Connection: Upgrade", status="HTTP/1.1 101 Go")),
    ("too_many_interim_responses", head(status="HTTP/1.1 100 Continue") * 33),
    ("invalid_chunk_size", chunked("\r\n")),
    ("invalid_chunk_size", chunked("0x1\r\n")),
    ("invalid_chunk_size", chunked("-1\r\n")),
    ("chunk_size_overflow", chunked("10000000000000000\r\n")),
    ("invalid_chunk_extension", chunked("1;a\0\r\n")),
    ("chunk_extension_too_large", chunked("1;" + "a" * (64 << 10) + "a")),
    ("missing_chunk_end", chunked("3\r\nabcd\r\n0\r\n\r\n")),
    ("bare_line_feed", chunked("1\nx\r\n0\r\n\r\n")),
    ("trailers_too_large", chunked("0\r\nA: " + "b" * (256 << 10))),
]

# What stands before the server goes too early, by the same.
CUT = [
    ("no_response", b""),
    ("incomplete_head", b"H"),
    ("incomplete_head", head("Content-Length: 5")[:-1]),
    ("incomplete_head", head(status="HTTP/1.1 100 Continue")),
    ("incomplete_content", length(5)),
    ("incomplete_content", length(5) + b"four"),
    ("incomplete_content", chunked("")),
    ("incomplete_content", chunked("5\r\nhello")),
    ("incomplete_content", chunked("5\r\nhello\r\n")),
    ("incomplete_content", chunked("5\r\nhello\r\n0\r\n")),
]


def with_extensions(text):
    return lambda head: upgrade(head, also=[f"Sec-WebSocket-Extensions: {text}"])


# What the opening handshakes offer: permessage-deflate with server_no_context_takeover and
# server_max_window_bits=10, and without client_max_window_bits.
OFFER = {"subprotocols": ["chat"], "deflate": {"receive_window_bits_max": 10, "let_server_limit_window": False}}
DEFLATE = "permessage-deflate; server_no_context_takeover; server_max_window_bits=10"

# Answers to an opening handshake with OFFER, as functions of the request's head, by the enumerator
# of websocket::ClientHandshakeError.
HANDSHAKES = [
    ("not_one_upgrade", lambda head: upgrade(head, without=["Upgrade"])),
    ("not_one_upgrade", lambda head: upgrade(head, also=["Upgrade: websocket"])),
    ("upgrade_not_websocket", lambda head: upgrade(head, upgrade="h2c")),
    ("upgrade_not_websocket", lambda head: upgrade(head, upgrade="websockets")),
    ("upgrade_not_websocket", lambda head: upgrade(head, upgrade="websocket, h2c")),
    ("no_connection_upgrade", lambda head: upgrade(head, without=["Connection"])),
    ("no_connection_upgrade", lambda head: upgrade(head, connection="keep-alive")),
    ("no_connection_upgrade", lambda head: upgrade(head, connection="upgraded")),
    ("not_one_accept", lambda head: upgrade(head, without=["Sec-WebSocket-Accept"])),
    ("not_one_accept", lambda head: upgrade(head, also=["Sec-WebSocket-Accept: x"])),
    ("not_one_accept", lambda head: upgrade(head).replace(b"Sec-WebSocket-Accept", b"Sec-Websocket-Acept")),
    ("wrong_accept", lambda head: upgrade(head, accept=accept_for("dGhlIHNhbXBsZSBub25jZQ=="))),
    ("wrong_accept", lambda head: upgrade(head, accept="")),
    ("wrong_accept", lambda head: upgrade(head).replace(b"Accept: ", b"Accept: A")),
    ("malformed_extensions", with_extensions(f"{DEFLATE};")),
    ("malformed_extensions", with_extensions(DEFLATE.replace("10", '"10'))),
    ("extension_not_offered", with_extensions("x-webkit-deflate-frame")),
    ("extension_not_offered", with_extensions(f"{DEFLATE}, permessage-foo")),
    ("repeated_extension", with_extensions(f"{DEFLATE}, {DEFLATE}")),
    ("repeated_extension", with_extensions(f"{DEFLATE}\r\nSec-WebSocket-Extensions: {DEFLATE}")),
    ("unknown_deflate_parameter", with_extensions(f"{DEFLATE}; foo")),
    ("repeated_deflate_parameter", with_extensions(f"{DEFLATE}; server_no_context_takeover")),
    ("invalid_deflate_value", with_extensions(f"{DEFLATE}0")),
    ("server_context_not_refused", with_extensions("permessage-deflate; server_max_window_bits=10")),
    ("server_window_too_large", with_extensions("permessage-deflate; server_no_context_takeover")),
    ("server_window_too_large", with_extensions(DEFLATE.replace("10", "11"))),
    ("client_window_not_offered", with_extensions(f"{DEFLATE}; client_max_window_bits=15")),
    (
        "repeated_subprotocol",
        lambda head: upgrade(head, also=["Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: chat"]),
    ),
    ("subprotocol_not_offered", lambda head: upgrade(head, also=["Sec-WebSocket-Protocol: other"])),
    ("subprotocol_not_offered", lambda head: upgrade(head, also=["Sec-WebSocket-Protocol: CHAT"])),
    ("subprotocol_not_offered", lambda head: upgrade(head, also=["Sec-WebSocket-Protocol: chat, chat"])),
]

# Frames behind a good handshake, by the enumerator of websocket::Error, and the code of the close
# frame that answers them.
FRAMES = [
    ("reserved_bits_set", 1002, b"\xc1\x00"),
    ("reserved_opcode", 1002, b"\x83\x00"),
    ("control_frame_fragmented", 1002, b"\x09\x00"),
    ("control_frame_too_long", 1002, b"\x89\x7e\x00\x7e"),
    ("length_not_minimal", 1002, b"\x81\x7e\x00\x01a"),
    ("length_too_large", 1002, b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"),
    ("masked_frame_from_server", 1002, b"\x81\x81abcdx"),
    ("continuation_without_start", 1002, b"\x80\x00"),
    ("message_inside_message", 1002, b"\x01\x00\x81\x00"),
    ("message_too_big", 1009, b"\x82\x7f\x00\x00\x00\x00\x7f\xff\xff\xff"),
    ("text_not_utf8", 1007, b"\x81\x01\xff"),
    ("close_body_too_short", 1002, b"\x88\x01\x03"),
    ("close_code_not_allowed", 1002, b"\x88\x02\x03\xed"),
    ("close_reason_not_utf8", 1007, b"\x88\x03\x03\xe8\xff"),
]

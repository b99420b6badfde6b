"""Folders as browsers, caches, download managers and attackers see them."""

import email
import email.utils
import gzip
import hashlib
import os
import subprocess

import pytest
from support.http import Connection, eventually, get, request

MIB = 1024 * 1024
DATA = bytes(n * 7 % 251 for n in range(10_000))
OLD = 1_600_000_000  # a time long past, for files whose date may be trusted
PAGE = b"<!doctype html><title>Page</title>"


def make_site(root):
    """A folder `site` with a secret beside it."""
    site = root / "site"
    for folder in ("sub/deep", "noindex", ".git"):
        (site / folder).mkdir(parents=True)
    (root / "secret.txt").write_text("TOP SECRET")
    (root / "site-private").mkdir()
    (root / "site-private" / "secret.txt").write_text("TOP SECRET")
    files = {
        "index.html": b"<!doctype html><title>Home</title>",
        "page.html": PAGE,
        "data.bin": DATA,
        "style.css": b"a{}",
        "image.svg": b"<svg/>",
        "data.json": b"{}",
        "module.wasm": b"\0asm",
        "photo.JPG": b"\xff\xd8",
        "unknown.xyzzy": b"?",
        "noextension": b"?",
        "empty.txt": b"",
        "with space \u00e4.txt": b"found",
        "app.js": b"let plain;" * 100,
        "app.js.gz": gzip.compress(b"let plain;" * 100),
        "app.js.br": b"as if by brotli",
        "app.js.zst": b"as if by zstd",
        ".secret": b"TOP SECRET",
        ".git/config": b"TOP SECRET",
        "sub/.hidden": b"TOP SECRET",
        "sub/index.html": b"<!doctype html><title>Sub</title>",
        "sub/deep/file.txt": b"deep",
        "noindex/a.txt": b"a",
        "noindex/<b>&.txt": b"b",
        "noindex/.dot": b"TOP SECRET",
    }
    for name, content in files.items():
        (site / name).write_bytes(content)
        os.utime(site / name, (OLD, OLD))
    (site / "link-inside").symlink_to("page.html")
    (site / "sub" / "link-up-inside").symlink_to("../page.html")
    (site / "link-outside").symlink_to(root / "secret.txt")
    (site / "link-up-outside").symlink_to("../secret.txt")
    (site / "link-folder-outside").symlink_to(root)
    (site / "link-loop").symlink_to("link-loop")
    (site / "link-nowhere").symlink_to("nothing")
    os.mkfifo(site / "pipe")
    return site


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return make_site(tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="module")
def server(site, start_test_server_for_module):
    return start_test_server_for_module("--folder", site, "--cache-control", "max-age=60")


def file(server, path, *fields, method="GET"):
    return request(server, method, "/files/" + path, None, *fields)


@pytest.mark.parametrize(
    "path, media_type",
    [
        ("page.html", "text/html"),
        ("style.css", "text/css"),
        ("app.js", "text/javascript"),
        ("image.svg", "image/svg+xml"),
        ("data.json", "application/json"),
        ("module.wasm", "application/wasm"),
        ("photo.JPG", "image/jpeg"),
        ("empty.txt", "text/plain"),
        ("data.bin", "application/octet-stream"),
        ("unknown.xyzzy", "application/octet-stream"),
        ("noextension", "application/octet-stream"),
    ],
)
def test_media_types(server, site, path, media_type):
    answer = file(server, path)
    assert answer.status == 200
    assert answer["Content-Type"].split(";")[0] == media_type
    if media_type in ("text/html", "text/css", "text/plain"):
        assert "charset=utf-8" in answer["Content-Type"].lower()
    assert answer.body == (site / path).read_bytes()
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["Cache-Control"] == "max-age=60"


def test_names_are_percent_decoded(server):
    assert file(server, "with%20space%20%C3%A4.txt").body == b"found"
    assert file(server, "p%61ge.html").body == PAGE
    assert file(server, "sub/deep/file.txt?version=3").body == b"deep"


def test_head_tells_what_get_would(server):
    head, full = file(server, "data.bin", method="HEAD"), file(server, "data.bin")
    for name in ("Content-Length", "Content-Type", "ETag", "Last-Modified", "Accept-Ranges"):
        assert head[name] == full[name] is not None


def test_other_methods_are_not_allowed(server):
    for method in ("POST", "PUT", "DELETE"):
        answer = file(server, "page.html", method=method)
        assert answer.status == 405
        assert {m.strip() for m in answer["Allow"].split(",")} - {"OPTIONS"} == {"GET", "HEAD"}


def test_folders(server, site):
    answer = file(server, "sub")
    assert answer.status in (301, 302, 307, 308) and answer["Location"].endswith("/files/sub/")
    assert file(server, "sub/").body == (site / "sub/index.html").read_bytes()
    assert file(server, "").body == (site / "index.html").read_bytes()
    assert file(server, "noindex/").status == 404
    assert file(server, "page.html/").status == 404
    assert file(server, "page.html/more").status == 404
    assert file(server, "nothing").status == 404


def test_a_folder_s_redirect_stays_here(start_duplex, site):
    (site / "evil.example").mkdir(exist_ok=True)
    server = start_duplex(site)
    for target in ("//evil.example", "//evil.example/", "///evil.example", "//sub", "/\\evil.example"):
        answer = get(server, target)
        assert not (answer["Location"] or "/").startswith(("//", "/\\")), answer


# Conditional requests (RFC 9110 section 13)


def test_conditional_requests(server):
    full = file(server, "data.bin")
    tag, date = full["ETag"], full["Last-Modified"]
    assert email.utils.parsedate_to_datetime(date).timestamp() == OLD
    later = email.utils.formatdate(OLD + 100, usegmt=True)
    earlier = email.utils.formatdate(OLD - 100, usegmt=True)
    other = '"something-else"'
    table = [
        (304, [f"If-None-Match: {tag}"]),
        (304, [f"If-None-Match: {other}, W/{tag.removeprefix('W/')}"]),
        (304, ["If-None-Match: *"]),
        (200, [f"If-None-Match: {other}"]),
        (304, [f"If-Modified-Since: {date}"]),
        (304, [f"If-Modified-Since: {later}"]),
        (200, [f"If-Modified-Since: {earlier}"]),
        (200, ["If-Modified-Since: yesterday"]),
        (200, [f"If-None-Match: {other}", f"If-Modified-Since: {later}"]),
        (200, [f"If-Match: {tag}"]),
        (200, ["If-Match: *"]),
        (412, [f"If-Match: {other}"]),
        (412, [f"If-Unmodified-Since: {earlier}"]),
        (200, [f"If-Unmodified-Since: {date}"]),
        (412, [f"If-Match: {other}", f"If-None-Match: {tag}"]),
    ]
    for status, fields in table:
        for method in ("GET", "HEAD"):
            answer = file(server, "data.bin", *fields, method=method)
            assert answer.status == status, fields
            if status == 304:
                assert answer["ETag"] == tag and answer.body == b""
                assert answer["Cache-Control"] == "max-age=60"
    assert file(server, "nothing", "If-None-Match: *").status == 404


# Ranges (RFC 9110 section 14)

RANGES = {
    "bytes=0-0": (0, 1),
    "bytes=0-99": (0, 100),
    "bytes=100-": (100, 10_000),
    "bytes=-100": (9_900, 10_000),
    "bytes=-20000": (0, 10_000),
    "bytes=9999-": (9_999, 10_000),
    "bytes=500-99999999999999999999": (500, 10_000),
    "BYTES=1-2": (1, 3),
    "bytes= 1-2": (1, 3),
}


@pytest.mark.parametrize("value", RANGES)
def test_a_range(server, value):
    start, end = RANGES[value]
    answer = file(server, "data.bin", f"Range: {value}")
    assert answer.status == 206
    assert answer["Content-Range"] == f"bytes {start}-{end - 1}/10000"
    assert answer.body == DATA[start:end]
    assert answer["ETag"] == file(server, "data.bin")["ETag"]


@pytest.mark.parametrize("value", ["bytes=10000-", "bytes=99999999999999999999-", "bytes=-0", "bytes=10000-10001,20000-"])
def test_a_range_that_can_t_be_had(server, value):
    answer = file(server, "data.bin", f"Range: {value}")
    assert answer.status == 416
    assert answer["Content-Range"] == "bytes */10000"


@pytest.mark.parametrize("value", ["bytes=a-b", "bytes=5-2", "lines=0-1", "bytes", "bytes=", "bytes=--1", "bytes=1-2-3", "bytes=0x1-2"])
def test_a_range_that_is_none_is_ignored(server, value):
    answer = file(server, "data.bin", f"Range: {value}")
    assert answer.status == 200 and answer.body == DATA


def test_several_ranges(server):
    answer = file(server, "data.bin", "Range: bytes=0-9, 5000-5009 ,-10, 20000-")
    assert answer.status == 206 and answer["Content-Range"] is None
    kind = answer["Content-Type"]
    assert kind.startswith("multipart/byteranges")
    message = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + answer.body)
    parts = [(part["Content-Range"], part.get_payload(decode=True)) for part in message.get_payload()]
    assert [place for place, _ in parts] == ["bytes 0-9/10000", "bytes 5000-5009/10000", "bytes 9990-9999/10000"]
    boundary = b"--" + message.get_boundary().encode()
    sections = answer.body.split(boundary)
    assert sections[-1].strip() == b"--"
    for section, wanted in zip(sections[1:], (DATA[:10], DATA[5000:5010], DATA[-10:])):
        assert section.split(b"\r\n\r\n", 1)[1] == wanted + b"\r\n"


def test_ranges_do_not_multiply_a_file(server):
    for value in ("bytes=" + ",".join(["0-"] * 1000), "bytes=" + ",".join(f"{n}-" for n in range(1000)), "bytes=" + ",".join(["0-0"] * 1000)):
        answer = file(server, "data.bin", f"Range: {value}")
        assert answer.status in (200, 206, 416)
        assert len(answer.body) < 3 * len(DATA)


def test_if_range(server):
    full = file(server, "data.bin")
    for value, status in (
        (full["ETag"], 206),
        ('"something-else"', 200),
        (full["Last-Modified"], 206),
        (email.utils.formatdate(OLD - 1, usegmt=True), 200),
        (email.utils.formatdate(OLD + 1, usegmt=True), 200),
        ("W/" + full["ETag"].removeprefix("W/"), 200),  # weak tags do not match strongly
    ):
        answer = file(server, "data.bin", "Range: bytes=0-9", f"If-Range: {value}")
        assert answer.status == status, value


def test_ranges_are_for_get_only(server):
    answer = file(server, "data.bin", "Range: bytes=0-9", method="HEAD")
    assert (answer.status, answer["Content-Length"]) in ((200, "10000"), (206, "10"))


def test_ranges_of_nothing(server):
    assert file(server, "empty.txt", "Range: bytes=0-").status in (200, 416)


def test_a_preconditon_comes_before_a_range(server):
    tag = file(server, "data.bin")["ETag"]
    assert file(server, "data.bin", "Range: bytes=0-9", f"If-None-Match: {tag}").status == 304
    assert file(server, "data.bin", "Range: bytes=0-9", 'If-Match: "other"').status == 412


# Precompressed siblings


@pytest.mark.parametrize(
    "accepted, codings",
    [
        ("gzip", {"gzip"}),
        ("br", {"br"}),
        ("zstd", {"zstd"}),
        ("gzip, deflate, br", {"br", "gzip"}),
        ("gzip;q=0.5, br;q=0.4", {"gzip"}),
        ("gzip;q=0, br;q=0.1", {"br"}),
        ("GZIP", {"gzip"}),
        ("gzip;q=0", {None}),
        ("identity", {None}),
        ("deflate", {None}),
        ("br;q=0, *;q=0", {None}),
        ("", {None}),
        (None, {None}),
    ],
)
def test_precompressed_siblings(server, site, accepted, codings):
    fields = [f"Accept-Encoding: {accepted}"] if accepted is not None else []
    answer = file(server, "app.js", *fields)
    assert answer.status == 200
    assert answer["Content-Encoding"] in codings
    assert "accept-encoding" in answer["Vary"].lower()
    assert answer["Content-Type"].split(";")[0] == "text/javascript"
    suffix = {"gzip": ".gz", "br": ".br", "zstd": ".zst", None: ""}[answer["Content-Encoding"]]
    assert answer.body == (site / f"app.js{suffix}").read_bytes()


def test_each_coding_has_its_own_tag(server):
    tags = {file(server, "app.js", f"Accept-Encoding: {coding}")["ETag"] for coding in ("gzip", "br", "zstd", "identity")}
    assert len(tags) == 4
    plain = file(server, "app.js")["ETag"]
    assert file(server, "app.js", "Accept-Encoding: gzip", f"If-None-Match: {plain}").status == 200


def test_a_sibling_is_a_file_too(server, site):
    answer = file(server, "app.js.gz")
    assert answer["Content-Encoding"] is None
    assert answer.body == (site / "app.js.gz").read_bytes()


# No way out

OUTSIDE = [
    "../secret.txt",
    "../site-private/secret.txt",
    "%2e%2e/secret.txt",
    "%2E%2E/secret.txt",
    ".%2e/secret.txt",
    "..%2fsecret.txt",
    "%2e%2e%2fsecret.txt",
    "..%5csecret.txt",
    "..\\secret.txt",
    "..%252fsecret.txt",
    "%252e%252e/secret.txt",
    "sub/../../secret.txt",
    "sub/%2e%2e/%2e%2e/secret.txt",
    "sub/deep/../../../secret.txt",
    "./../secret.txt",
    "....//secret.txt",
    "..;/secret.txt",
    "..%00/secret.txt",
    "..%c0%afsecret.txt",
    "%c0%ae%c0%ae/secret.txt",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "//etc/passwd",
    "link-outside",
    "link-up-outside",
    "link-folder-outside/secret.txt",
    "link-folder-outside/site/page.html",
    "link-loop",
    "link-nowhere",
    "pipe",
    ".secret",
    "%2esecret",
    ".git/config",
    ".git/",
    "sub/.hidden",
    "noindex/.dot",
    "page.html%00.txt",
    "page.html%00",
    "%00",
    "a" * 300,
    "a/" * 3000,
]


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: path[:40])
def test_no_way_out_of_the_folder(server, path):
    with Connection(server.address) as connection:
        answer = connection.get("/files/" + path).answer()
        assert answer.status in (400, 403, 404), answer
        assert b"SECRET" not in answer.body and b"root:" not in answer.body
    for suffix in ("?a=b", "/"):
        with Connection(server.address) as connection:
            answer = connection.get("/files/" + path + suffix).answer()
            assert answer.status in (400, 403, 404), answer


def test_links_that_stay_inside(server):
    assert file(server, "link-inside").body == PAGE
    assert file(server, "sub/link-up-inside").body == PAGE


def test_dots_that_stay_inside_never_lead_elsewhere(server):
    for path in ("sub/../page.html", "sub/%2e%2e/page.html", "./page.html"):
        answer = file(server, path)
        assert answer.status in (400, 403, 404) or answer.body == PAGE


# Listing and single-page applications


def test_a_listing_is_escaped_and_hides_dot_files(site, start_test_server):
    server = start_test_server("--folder", site, "--list", "1")
    answer = file(server, "noindex/")
    assert answer.status == 200 and answer["Content-Type"].startswith("text/html")
    text = answer.body.decode()
    assert "a.txt" in text and "&lt;b&gt;&amp;.txt" in text
    assert "<b>" not in text and ".dot" not in text
    assert "%3Cb%3E" in text  # the link
    assert file(server, "noindex/%3Cb%3E&.txt").body == b"b"
    assert file(server, "sub/").body == (site / "sub/index.html").read_bytes()


def test_single_page_applications(site, start_test_server):
    server = start_test_server("--folder", site, "--spa", "index.html")
    page = (site / "index.html").read_bytes()
    navigation = "Accept: text/html,application/xhtml+xml,*/*;q=0.8"
    assert file(server, "some/route", navigation).body == page
    assert file(server, "page.html", navigation).body == PAGE
    assert file(server, "missing.js", "Accept: */*").status == 404
    assert b"SECRET" not in file(server, ".secret", navigation).body


# Changing and large files


def test_a_changed_file_is_noticed(tmp_path, start_test_server):
    site = make_site(tmp_path)
    server = start_test_server("--folder", site)
    name = site / "changing.txt"
    assert file(server, "changing.txt").status == 404
    seen = set()
    for n in range(10):
        content = b"version %02d" % n  # the same size each time
        if n % 2:
            name.write_bytes(content)
        else:
            (site / "new").write_bytes(content)
            (site / "new").rename(name)
        answer = eventually(lambda: (a := file(server, "changing.txt")).body == content and a)
        seen.add(answer["ETag"])
    assert len(seen) == 10
    name.unlink()
    eventually(lambda: file(server, "changing.txt").status == 404)


@pytest.fixture(scope="module")
def large(site):
    """200 MiB that repeat nowhere at a multiple of a page."""
    path = site / "large.bin"
    block = os.urandom(MIB + 1)
    digest = hashlib.sha256()
    with path.open("wb") as out:
        for _ in range(200):
            out.write(block)
            digest.update(block)
    yield path, digest.hexdigest()
    path.unlink()


def test_a_large_file_arrives_whole_and_costs_no_memory(server, large):
    path, checksum = large
    before = server.rss_bytes()
    with Connection(server.address) as connection:
        head = connection.get("/files/large.bin").read_head()
        left = int(head["Content-Length"])
        assert left == path.stat().st_size
        digest = hashlib.sha256()
        while left:
            piece = connection.read(min(left, MIB))
            digest.update(piece)
            left -= len(piece)
        assert digest.hexdigest() == checksum
        assert connection.get("/files/page.html").answer().body == PAGE
    assert server.rss_bytes() - before < server.may_hold(8 * MIB)


def test_readers_of_a_large_file_that_do_not_read_cost_no_memory(server, large):
    before = server.rss_bytes()
    connections = [Connection(server.address, receive_buffer=4096) for _ in range(20)]
    for connection in connections:
        connection.get("/files/large.bin").read_head()
    growth = server.rss_bytes() - before
    for connection in connections:
        connection.close()
    assert growth < server.may_hold(8 * MIB)


def test_curl_resumes_a_download(server, large, tmp_path):
    path, checksum = large
    target = tmp_path / "download"
    with path.open("rb") as source:
        target.write_bytes(source.read(123_456_789))
    done = subprocess.run(
        ["curl", "-sS", "--max-time", "60", "-C", "-", "-o", target, server.url + "/files/large.bin"], timeout=90
    )
    assert done.returncode == 0
    assert hashlib.sha256(target.read_bytes()).hexdigest() == checksum


def test_a_file_that_shrinks_while_it_is_sent_ends_the_connection(tmp_path, start_test_server):
    site = make_site(tmp_path)
    name = site / "shrinking.bin"
    name.write_bytes(bytes(64 * MIB))
    server = start_test_server("--folder", site)
    with Connection(server.address, receive_buffer=65536) as connection:
        connection.get("/files/shrinking.bin").read_head()
        os.truncate(name, MIB)
        assert len(connection.rest()) < 64 * MIB
    assert file(server, "page.html").body == PAGE


def test_a_file_of_the_program_s_choice(site, start_test_server):
    server = start_test_server("--file", site / "link-outside")
    assert get(server, "/file").body == b"TOP SECRET"
    assert get(server, "/file", "Range: bytes=4-").body == b"SECRET"


def test_pipelined_files_keep_their_order(server):
    names = ["data.bin", "page.html", "empty.txt", "app.js", "nothing"] * 20
    with Connection(server.address) as connection:
        connection.send("".join(f"GET /files/{name} HTTP/1.1\r\nHost: a\r\n\r\n" for name in names))
        for name in names:
            answer = connection.answer()
            assert answer.status == (404 if name == "nothing" else 200)
            if name == "data.bin":
                assert answer.body == DATA


def test_a_missing_folder_is_told(start, duplex_program, tmp_path):
    done = subprocess.run(
        [duplex_program, "serve", tmp_path / "missing", "--listen", "127.0.0.1:0"],
        capture_output=True, timeout=30,
    )
    assert done.returncode in (1, 2) and b"missing" in done.stderr

"""Files of sizes that are sent in different ways, in clear and encrypted."""

import os

import pytest
from support.http import Connection, eventually
from support.tls import Tls, client_context

KIB = 1024
CLEAR_BYTES_MAX, ENCRYPTED_BYTES_MAX = 24 * KIB, 64 * KIB
SIZES = [limit + more for limit in (CLEAR_BYTES_MAX, 40_000, ENCRYPTED_BYTES_MAX) for more in (0, 1)]


def content(size):
    """Which repeats nowhere at a multiple of a page."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    for size in SIZES:
        (folder / str(size)).write_bytes(content(size))
    return folder


@pytest.fixture(scope="module")
def server(start_duplex_for_module, certificates, site):
    files = ("--tls-cert", certificates.here.chain, "--tls-key", certificates.here.key)
    return start_duplex_for_module("--threads", "1", "--tls-listen", "127.0.0.1:0", *files, site, urls=2)


@pytest.fixture(scope="module", params=["clear", "encrypted"])
def connect(request, server, certificates):
    """Opens connections to the server, of either kind."""
    if request.param == "clear":
        return lambda: Connection(server.address)
    return lambda: Connection(server.secure.address, tls=Tls(client_context(certificates.root)))


@pytest.mark.parametrize("size", SIZES)
def test_each_size_arrives_whole_and_in_part(connect, size):
    whole = content(size)
    with connect() as connection:
        connection.get(f"/{size}")
        assert connection.answer().body == whole
        connection.get(f"/{size}", "Range: bytes=5-20004")
        assert connection.answer().body == whole[5:20005]
        connection.get(f"/{size}", "Range: bytes=0-9,20000-23999,-3")
        several = connection.answer()
        assert several.status == 206
        assert [part in several.body for part in (whole[:10], whole[20000:24000], whole[-3:])] == [True] * 3
        connection.get(f"/{size}", method="HEAD")
        assert connection.answer("HEAD")["Content-Length"] == str(size)


def test_sizes_that_are_pipelined_keep_their_order(connect):
    sizes = SIZES * 3
    with connect() as connection:
        connection.send("".join(f"GET /{size} HTTP/1.1\r\nHost: a\r\n\r\n" for size in sizes))
        for size in sizes:
            assert connection.answer().body == content(size)


def held_open(server, site):
    """The sizes of those files that the server has open."""
    folder = f"/proc/{server.pid}/fd"
    held = set()
    for number in os.listdir(folder):
        try:
            path = os.readlink(f"{folder}/{number}")
        except FileNotFoundError:  # closed meanwhile
            continue
        if path.startswith(f"{site}/"):
            held.add(int(path.rsplit("/", 1)[1]))
    return held


@pytest.mark.parametrize("size_max, encrypted", [(ENCRYPTED_BYTES_MAX, True), (CLEAR_BYTES_MAX, False)])
def test_larger_files_are_held_open_and_smaller_ones_in_memory(
    start_duplex, certificates, site, size_max, encrypted
):
    files = ("--tls-cert", certificates.here.chain, "--tls-key", certificates.here.key)
    server = start_duplex("--threads", "1", "--tls-listen", "127.0.0.1:0", *files, site, urls=2)
    tls = Tls(client_context(certificates.root)) if encrypted else None
    with Connection((server.secure if encrypted else server).address, tls=tls) as connection:

        def all_were_asked_for():
            for size in SIZES:
                connection.get(f"/{size}")
                assert len(connection.answer().body) == size
            # What has just changed is not held.
            return held_open(server, site)

        assert eventually(all_were_asked_for) == {size for size in SIZES if size > size_max}

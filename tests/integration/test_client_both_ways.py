"""Two coroutines on one socket, one sending and one receiving, over wss: as many messages as are
asked for, in bounded memory.

The tests run it for a moment. For the whole: DUPLEX_MESSAGES=1000000 pytest -s test_client_both_ways.py"""

import os

import pytest

MIB = 1024 * 1024
MESSAGES = int(os.environ.get("DUPLEX_MESSAGES", 200_000))
MESSAGE_BYTES = 64


@pytest.fixture(scope="module")
def server(start_tls_server_for_module):
    return start_tls_server_for_module("--threads", "1")


@pytest.mark.parametrize("kind", ["two streams", "echo"])
def test_both_ways_at_once(start_client, server, certificates, kind):
    client = start_client(tls={"ca": certificates.root})
    url = f"wss://localhost:{server.secure.port}"
    # What is needed to be there at all, code and buffers, is there after a few.
    warm = client.do("both_ways", url=f"{url}/both?count=100&bytes={MESSAGE_BYTES}", count=100, bytes=MESSAGE_BYTES)
    assert warm["total"]
    before, served = client.memory(), server.rss_bytes()

    path = f"/both?count={MESSAGES}&bytes={MESSAGE_BYTES}" if kind == "two streams" else "/echo"
    told = client.do("both_ways", deadline_s=600, url=url + path, count=MESSAGES, bytes=MESSAGE_BYTES)

    growth = client.memory("VmHWM") - before
    print(
        f"\n{kind}: {told['sent']} messages up and {told['received']} down, {told['sent_bytes'] / MIB:.0f} MiB each, "
        f"in {told['seconds']:.2f} s: {2 * MESSAGES / told['seconds'] / 1000:.0f} thousand a second; "
        f"memory grew by {growth / MIB:.1f} MiB, the server's by {(server.peak_rss_bytes() - served) / MIB:.1f}"
    )
    assert (told["sent"], told["received"], told["wrong"]) == (MESSAGES, MESSAGES, "")
    if kind == "two streams":
        assert told["total"] == f"total {told['sent_bytes'] + len('total')}"
    assert told["closed"] == {"code": 1000, "reason": ""}
    assert growth < server.may_hold(32 * MIB)

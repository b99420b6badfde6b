"""Echoes in clear."""

from racing import Cell
from servers import bare, duplex, peer, python_websockets, ws_for_node

RACERS = {
    "duplex": duplex(),
    "bare": bare(),
    "Boost.Beast": peer("beast"),
    "Boost.Beast (examples)": peer("beast", "--time-limits"),
    "websocketpp": peer("websocketpp"),
    "libwebsockets": peer("libwebsockets"),
    "ws for Node": ws_for_node(),
    "Python websockets": python_websockets(),
}

JSON_TEXT = ("--text", "--content", "json")


def cell(name: str, title: str, connections: int, size: int, *more: str, **at_least: float) -> Cell:
    rivals = {"bare": "bare", "beast": "Boost.Beast"}
    return Cell(
        name=f"echo-{name}",
        title=f"Echo of {title}, {connections} connections",
        url="ws://{}/echo",
        load=("-c", str(connections), "-s", str(size), *more),
        racers=RACERS,
        at_least={rivals[rival]: factor for rival, factor in at_least.items()},
    )


CELLS = (
    cell("20", "20 bytes, one in flight", 200, 20, bare=0.97),
    cell("125x16", "125 bytes, 16 in flight", 50, 125, "--depth", "16", bare=0.85, beast=5),
    cell("1k", "1 KiB, one in flight", 100, 1024, bare=0.97),
    cell("16k", "16 KiB, one in flight", 50, 16 << 10, bare=0.9, beast=1.5),
    cell("64k-text", "64 KiB of JSON as text, one in flight", 20, 64 << 10, *JSON_TEXT, bare=0.9, beast=1.5),
    cell("64k-prose", "64 KiB of text of eight languages, one in flight", 20, 64 << 10, "--text", bare=0.9, beast=1.5),
    cell("1m", "1 MiB, one in flight", 10, 1 << 20, bare=0.9, beast=1.5),
)

"""Echoes of compressed messages. All agree on the same parameters: no window is kept."""

from racing import Cell
from servers import duplex, peer, python_websockets, ws_for_node

OPTIONS = ("--deflate", "--no-context-takeover")

CELLS = (
    Cell(
        name="deflate-1k",
        title="Echo of 1 KiB of JSON, compressed, one in flight, 100 connections",
        url="ws://{}/echo",
        load=("-c", "100", "-s", "1024", "--compress"),
        racers={
            "duplex": duplex("--compress"),
            "duplex, inflating": duplex("--compress", "--compress-min", "64M"),
            "Boost.Beast": peer("beast", *OPTIONS, "--level", "1"),
            "websocketpp": peer("websocketpp", *OPTIONS),
            "libwebsockets": peer("libwebsockets", "--deflate"),
            "ws for Node": ws_for_node(*OPTIONS, "--level", "1"),
            "Python websockets": python_websockets(*OPTIONS, "--level", "1"),
        },
        note="One duplex inflates and does not compress again. Where it can be chosen, the level is 1, the "
        "fastest; duplex has that by default.",
    ),
)

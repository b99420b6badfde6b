"""Handshakes: a connection is opened, upgraded, closed, and the next one opened."""

from racing import Cell
from servers import bare, duplex, encrypted_beast, encrypted_duplex, nginx_before_duplex, peer

CLEAR = {"duplex": duplex(), "bare": bare(), "Boost.Beast": peer("beast"), "libwebsockets": peer("libwebsockets")}
ENCRYPTED = {"duplex": encrypted_duplex, "Boost.Beast": encrypted_beast, "nginx + duplex": nginx_before_duplex}


def cell(name: str, title: str, scheme: str, racers: dict, *more: str) -> Cell:
    return Cell(
        name=f"connect-{name}",
        title=f"Handshakes, {title}, 50 at a time",
        url=scheme + "://{}/echo",
        load=("--mode", "connect", "-c", "50", *more),
        racers=racers,
    )


CELLS = (
    cell("ws", "ws", "ws", CLEAR),
    cell("wss", "wss, in full", "wss", ENCRYPTED),
    cell("wss-resumed", "wss, resumed", "wss", ENCRYPTED, "--resume"),
)

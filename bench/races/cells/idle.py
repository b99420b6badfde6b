"""Connections that are opened as fast as it goes, and then say nothing."""

from racing import Cell
from servers import (
    bare,
    duplex,
    encrypted_beast,
    encrypted_duplex,
    peer,
    several_duplex,
    several_encrypted_duplex,
    ws_for_node,
)

CLEAR = {
    "duplex": duplex(),
    "bare": bare(),
    "Boost.Beast": peer("beast"),
    "websocketpp": peer("websocketpp"),
    "libwebsockets": peer("libwebsockets"),
    "ws for Node": ws_for_node(),
}
ENCRYPTED = {"duplex": encrypted_duplex, "Boost.Beast": encrypted_beast}


def cell(scheme: str, count: int, racers: dict, bytes_max: float | None = None) -> Cell:
    return Cell(
        name=f"idle-{scheme}-{count // 1000}k",
        title=f"{count:,} idle connections, {scheme}",
        url=scheme + "://{}/echo",
        load=("--mode", "idle", "-c", str(count)),
        racers=racers,
        bytes_max=bytes_max,
        idle=True,
        descriptors=count + 1000,
        several={"duplex": several_encrypted_duplex if scheme == "wss" else several_duplex},
        note="Opened as fast as it goes, then held, by a process that has 500 before. Memory is the server "
        "process's own, not the kernel's.",
    )


def only(racers: dict, *names: str) -> dict:
    return {name: racers[name] for name in names}


CELLS = (
    cell("ws", 10_000, CLEAR, 256),
    cell("ws", 50_000, only(CLEAR, "duplex", "bare", "Boost.Beast"), 256),
    cell("wss", 10_000, ENCRYPTED),
    cell("wss", 50_000, only(ENCRYPTED, "duplex")),
)

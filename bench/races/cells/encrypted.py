"""Echoes over TLS, all by the same OpenSSL and one certificate."""

from racing import Cell
from servers import encrypted_beast, encrypted_duplex, nginx_before_duplex

RACERS = {
    "duplex": encrypted_duplex,
    "Boost.Beast": encrypted_beast,
    "nginx + duplex": nginx_before_duplex,
}


def cell(name: str, title: str, connections: int, size: int) -> Cell:
    return Cell(
        name=f"wss-{name}",
        title=f"Echo over wss of {title}, one in flight, {connections} connections",
        url="wss://{}/echo",
        load=("-c", str(connections), "-s", str(size)),
        racers=RACERS,
        note="nginx ends TLS before a `duplex serve` in clear, on the same core; both count.",
    )


CELLS = (cell("20", "20 bytes", 200, 20), cell("16k", "16 KiB", 50, 16 << 10))

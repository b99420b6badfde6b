"""One message to many: what anybody sends, everybody receives."""

from racing import Cell
from servers import bare, duplex

RACERS = {"duplex": duplex(), "bare": bare("--fan-out")}


def cell(subscribers: int, name: str, title: str, size: int, depth: int = 1, **at_least: float) -> Cell:
    more = f", {depth} under way" if depth > 1 else ""
    return Cell(
        name=f"fanout-{name}-{subscribers // 1000}k" + (f"x{depth}" if depth > 1 else ""),
        title=f"Fan-out of {title} to {subscribers:,}{more}",
        url="ws://{}/live/race",
        load=("--mode", "fanout", "-c", str(subscribers), "-s", str(size), "--depth", str(depth)),
        racers=RACERS,
        at_least=at_least,
        note="Deliveries are counted. The next message goes when all have the one before.",
    )


CELLS = (
    cell(1_000, "64", "64 bytes", 64, bare=0.9),
    cell(1_000, "4k", "4 KiB", 4096),
    cell(10_000, "64", "64 bytes", 64),
    cell(10_000, "4k", "4 KiB", 4096),
)

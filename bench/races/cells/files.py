"""Static files, which the kernel has in its cache."""

from racing import Cell
from servers import Server, Track, duplex, h2o, nginx


def cell(name: str, title: str, size: int, connections: int, at_least: float) -> Cell:
    def serving(start):
        return lambda track: (track.file(name, size), start(track))[1]

    def duplex_with_site(track: Track) -> Server:
        return duplex(track.file(name, size))(track)

    return Cell(
        name=f"file-{name}",
        title=f"File of {title}, {connections} connections",
        url="http://{}/" + name,
        load=("--mode", "request", "-c", str(connections)),
        racers={"duplex": duplex_with_site, "nginx": serving(nginx), "h2o": serving(h2o)},
        at_least={"nginx": at_least},
    )


CELLS = (
    cell("1k", "1 KiB", 1 << 10, 50, 1.1),
    cell("64k", "64 KiB", 64 << 10, 50, 1.0),
    cell("100k", "100 KiB", 100 << 10, 50, 1.0),
    cell("10m", "10 MiB", 10 << 20, 10, 1.0),
)

"""Small responses, and small requests with content."""

from racing import Cell
from servers import duplex_handlers, h2o, nginx


def _with_text(start):
    """The same server, with the text as a file for whom has no handler."""

    def begin(track):
        (track.file("text", 0) / "text").write_text("Hello, World!\n")
        return start(track)

    return begin


RACERS = {"duplex": duplex_handlers, "nginx": nginx, "h2o": _with_text(h2o)}


def cell(name: str, title: str, racers: dict, *load: str, **at_least: float) -> Cell:
    return Cell(
        name=f"http-{name}",
        title=title,
        url="http://{}/" + ("post" if name == "post" else "text"),
        load=("--mode", "request", "-c", "50", *load),
        racers=racers,
        at_least=at_least,
        note="A text of 14 bytes: a handler of the library, `return 200` of nginx, a file of h2o.",
    )


CELLS = (
    cell("small", "Small response, 50 connections", RACERS, nginx=1.1),
    cell("pipelined", "Small response, 16 pipelined, 50 connections", RACERS, "--depth", "16", nginx=2),
    cell("post", "POST of 1 KiB, 50 connections", {"duplex": duplex_handlers, "nginx": nginx}, "--method", "POST",
         "--body-size", "1024"),
)

"""The same as a program, which is told what tests/peers/settings.hpp says, and besides:

  --break RULE     break this rule (for any number of them)

`list` names all rules. To be found, it is run in tests/integration: /usr/bin/python3 -m support.breakable serve"""

import argparse
import os
import signal
import sys
import threading

from support.breakable.deflate import Wishes
from support.breakable.endpoints import Client, Server
from support.breakable.rules import BREAKS


def parse_arguments():
    parser = argparse.ArgumentParser(prog="breakable", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list")
    serving, running = verbs.add_parser("serve"), verbs.add_parser("run")
    serving.add_argument("--port", type=int, default=0)
    running.add_argument("--url", required=True)
    running.add_argument("--agent", default="breakable")
    running.add_argument("--case-seconds", type=float, default=120)
    for verb in (serving, running):
        verb.add_argument("--break", dest="broken", action="append", default=[], metavar="RULE")
        verb.add_argument("--deflate", action="store_true")
        verb.add_argument("--no-context-takeover", action="store_true")
        verb.add_argument("--window-bits", type=int, default=15)
    return parser.parse_args()


def end_when_told():
    """At SIGTERM, and when nobody holds the other end of standard input any more."""

    def wait():
        while os.read(sys.stdin.fileno(), 64):
            pass
        os._exit(0)

    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    threading.Thread(target=wait, daemon=True).start()


def main():
    arguments = parse_arguments()
    if arguments.verb == "list":
        for one in BREAKS:
            print(f"{one.name:40} {', '.join(sorted(one.sides)):16} RFC {one.section:14} {one.sentence}")
        return
    wishes = Wishes(arguments.no_context_takeover, arguments.window_bits) if arguments.deflate else None
    end_when_told()
    if arguments.verb == "serve":
        with Server(arguments.broken, wishes, arguments.port) as server:
            print("port", server.port, flush=True)
            server.wait()
    else:
        Client(arguments.url, arguments.broken, wishes, arguments.agent, arguments.case_seconds).run()


main()

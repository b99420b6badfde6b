#!/usr/bin/env python3
"""Checks that a library does no I/O: that it needs no function that could.

    tools/check_core_symbols.py LIBRARY

Lists what the archive leaves undefined, and prints what opens, reads, writes, waits, tells the
time, starts threads or rolls dice. Exits with 1 if there is any.
"""

import re
import subprocess
import sys

IMPURE = re.compile(
    # sockets and descriptors
    r"(socket|socketpair|connect|accept4?|bind|listen|shutdown|[gs]etsockopt|getaddrinfo|"
    r"send|sendto|sendmsg|sendmmsg|sendfile(64)?|recv|recvfrom|recvmsg|recvmmsg|"
    r"p?readv?(64)?(v2)?|p?writev?(64)?(v2)?|(f|l)?stat(64)?|open(at|64)?|close|ioctl|fcntl(64)?|"
    r"mmap(64)?|syscall|"
    # waiting
    r"epoll_\w+|poll|ppoll|select|pselect|eventfd|timerfd_\w+|signalfd|"
    # time
    r"clock_\w+|gettimeofday|time|clock|localtime(_r)?|nanosleep|usleep|sleep|"
    # threads
    r"pthread_(create|join|detach|cond_\w+|mutex_(timed)?lock)|sem_\w+|"
    # randomness
    r"getrandom|getentropy|s?rand(om)?(_r)?|arc4random\w*|RAND_\w+|"
    # files, streams, environment
    r"f?printf|f?puts|fopen(64)?|fread|fwrite|std(in|out|err)|(secure_)?getenv|"
    # and the same by way of the C++ library
    r"_ZNSt6chrono3_V2\d+\w+_clock3nowEv|_ZNSt6thread\w*|_ZNSt13random_device\w*|"
    r"_ZNSt18condition_variable\w*|_ZSt(3cin|4cout|4cerr|4clog)|"
    r"_ZNSt1[34]basic_[io]?f(ile|stream)\w*|_ZNSt10filesystem\w*)"
)


def impure_symbols(library: str) -> list[str]:
    listing = subprocess.run(
        ["nm", "--undefined-only", "--format=just-symbols", library],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    symbols = {line.split("@")[0] for line in listing.split()}
    return sorted(symbol for symbol in symbols if IMPURE.fullmatch(symbol))


def main() -> int:
    found = impure_symbols(sys.argv[1])
    for symbol in found:
        print(f"{sys.argv[1]}: {symbol}: a core does no I/O")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""A WebSocket echo server and an echo client that keep every rule, but for those that they are told to break.

With them a conformance tester is tested: it has to find nothing in them as they are, and each thing that is broken.
Written for that, in the standard library alone, from the RFCs: it shares no code with what it is to judge.

    rules      what can be broken, by name
    stream     a socket, read in exact and in arbitrary amounts
    utf8       text that is checked while it comes
    deflate    permessage-deflate: offers, answers, and the messages themselves
    head       the heads of HTTP messages
    handshake  the opening handshake, of either side
    session    frames and messages, of either side
    endpoints  the server and the client
"""

"""The heads of HTTP messages (RFC 9112), and the lists in their fields."""

import re

HEAD_BYTES_MAX = 64 * 1024

TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_FIELD = re.compile(rf"({TOKEN}):[ \t]*((?:[^\x00-\x08\x0a-\x1f\x7f]*[^\x00-\x20\x7f])?)[ \t]*")
_PARAMETER = re.compile(rf'[ \t]*({TOKEN})[ \t]*(?:=[ \t]*(?:({TOKEN})|"((?:[^"\\]|\\.)*)")[ \t]*)?')


class Malformed(Exception):
    """A head that is not as the RFC says."""


class TooLarge(Malformed):
    pass


class Head:
    """A first line, and fields."""

    def __init__(self, start, fields, exact_names=False):
        self.start = start
        self._fields = fields
        self._exact_names = exact_names

    def all(self, name):
        """The values of all fields of that name."""
        if self._exact_names:
            return [value for found, value in self._fields if found == name]
        return [value for found, value in self._fields if found.lower() == name.lower()]

    def one(self, name):
        """The value of the only field of that name; None if there is not one."""
        values = self.all(name)
        return values[0] if len(values) == 1 else None

    def list(self, name):
        """The elements of all fields of that name."""
        elements = [element.strip(" \t") for value in self.all(name) for element in value.split(",")]
        return [element for element in elements if element]


def read_head(stream, exact_names=False):
    raw = stream.read_until(b"\r\n\r\n", HEAD_BYTES_MAX)
    if raw is None:
        raise TooLarge
    # An empty line before a message is passed over (RFC 9112 section 2.2).
    start, *lines = raw[:-4].decode("latin-1").removeprefix("\r\n").split("\r\n")
    if re.search(r"[\x00-\x1f\x7f]", start):
        raise Malformed
    fields = []
    for line in lines:
        field = _FIELD.fullmatch(line)
        if not field:
            raise Malformed
        fields.append(field.groups())
    return Head(start, fields, exact_names)


def parse_extensions(text):
    """Sec-WebSocket-Extensions (RFC 6455 section 9.1): [(name, [(parameter, value or None)])]. A quoted value has to be
    a token, too."""
    result = []
    for element in _split(text, ","):
        if not element.strip(" \t"):
            continue
        name, *parameters = _split(element, ";")
        name = name.strip(" \t")
        if not re.fullmatch(TOKEN, name):
            raise Malformed
        result.append((name, [_parameter(text) for text in parameters]))
    return result


def _split(text, at):
    """Splits at a character that is not inside of quotes."""
    return re.findall(rf'(?:^|{at})((?:[^{at}"]|"(?:[^"\\]|\\.)*"?)*)', text)


def _parameter(text):
    found = _PARAMETER.fullmatch(text)
    if not found:
        raise Malformed
    name, token, quoted = found.groups()
    if quoted is not None:
        token = re.sub(r"\\(.)", r"\1", quoted)
        if not re.fullmatch(TOKEN, token):
            raise Malformed
    return name, token

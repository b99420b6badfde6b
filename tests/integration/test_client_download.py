"""Downloads to a file that break off, and are taken up again: nginx that is killed in the middle,
and servers whose file is another one when they are asked again."""

import os
import re

import pytest
from support.http import eventually
from support.nginx import free_port, nginx
from support.scripted import Scripted, field, response

MIB = 1024 * 1024
CONTENT = os.urandom(200_000)


def part_of(path):
    return path.with_name(path.name + ".part")


class Storage:
    """A server with one file, which answers ranges. Each of `limits` ends a connection after so many
    bytes of content; behind them, all is sent."""

    def __init__(self, content=CONTENT, tag='"one"', limits=(), changed=None, ranges=True, fields=()):
        self.content, self.tag, self.limits = content, tag, list(limits)
        self.changed = changed
        self.ranges, self.fields = ranges, list(fields)
        self.heads = []

    def __call__(self, visitor):
        head = visitor.read_head()
        self.heads.append(head)
        if self.changed and len(self.heads) == 2:
            self.content, self.tag = self.changed
        start, condition = field(head, "Range"), field(head, "If-Range")
        fields = [*self.fields, *([f"ETag: {self.tag}"] if self.tag else [])]
        content = self.content
        if start and self.ranges and condition in (None, self.tag):
            first = int(re.fullmatch(r"bytes=(\d+)-", start).group(1))
            if first >= len(content):
                visitor.send(response("416 Range Not Satisfiable", "", f"Content-Range: bytes */{len(content)}"))
                return
            fields.append(f"Content-Range: bytes {first}-{len(content) - 1}/{len(content)}")
            content = content[first:]
            answer = response("206 Partial Content", content, *fields)
        else:
            answer = response("200 OK", content, *fields)
        if self.limits:
            answer = answer[: len(answer) - len(content) + self.limits.pop(0)]
        visitor.send(answer)

    def ranges_asked(self):
        return [field(head, "Range") for head in self.heads]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.bin"


def test_a_download(client, path):
    with Scripted(Storage()) as server:
        done = client.download(server.url + "/file.bin", path)
    assert done.failure is None
    assert (done["bytes"], done["resumed_bytes"], done["path"]) == (len(CONTENT), 0, str(path))
    assert path.read_bytes() == CONTENT and not part_of(path).exists()
    assert done["download"]["bytes"] == done["download"]["total"] == len(CONTENT)


def test_one_that_breaks_off_goes_on_by_itself(client, path):
    storage = Storage(limits=[50_000, 50_000])
    with Scripted(storage) as server:
        done = client.download(server.url, path)
    assert done.failure is None and path.read_bytes() == CONTENT
    assert storage.ranges_asked() == [None, "bytes=50000-", "bytes=100000-"]
    assert [field(head, "If-Range") for head in storage.heads] == [None, '"one"', '"one"']
    assert all(field(head, "Accept-Encoding") in (None, "identity") for head in storage.heads)


def test_one_that_broke_off_is_taken_up_by_the_next(client, start_client, path):
    storage = Storage(limits=[70_000])
    with Scripted(storage) as server:
        failed = client.download(server.url, path, retries_max=0)
        assert failed.failure == "protocol: http1::Error::incomplete_content"
        assert not path.exists() and part_of(path).stat().st_size == 70_000
        done = start_client().download(server.url, path)
    assert (done["bytes"], done["resumed_bytes"]) == (len(CONTENT), 70_000)
    assert path.read_bytes() == CONTENT
    assert storage.ranges_asked() == [None, "bytes=70000-"]
    assert os.listdir(path.parent) == [path.name]


def test_a_file_that_has_changed_begins_anew(client, path):
    other = os.urandom(150_000)
    storage = Storage(limits=[70_000], changed=(other, '"two"'))
    with Scripted(storage) as server:
        assert client.download(server.url, path, retries_max=0).failure
        done = client.download(server.url, path)
    assert (done["bytes"], done["resumed_bytes"]) == (len(other), 0)
    assert path.read_bytes() == other


def test_a_file_that_changes_while_it_is_fetched(client, path):
    """The same within one download."""
    other = os.urandom(150_000)
    with Scripted(Storage(limits=[70_000], changed=(other, '"two"'))) as server:
        done = client.download(server.url, path)
    assert done.failure is None and path.read_bytes() == other


@pytest.mark.parametrize("tag", [None, 'W/"one"'], ids=["none", "weak"])
def test_what_has_no_strong_validator_can_t_be_taken_up(client, path, tag):
    """Nobody could say whether it is still the same (RFC 9110 section 13.1.5)."""
    storage = Storage(limits=[70_000], tag=tag)
    with Scripted(storage) as server:
        assert client.download(server.url, path).failure == "protocol: http1::Error::incomplete_content"
        assert client.download(server.url, path).failure is None
    assert path.read_bytes() == CONTENT
    assert storage.ranges_asked() == [None, None]


def test_a_server_without_ranges(client, path):
    with Scripted(Storage(limits=[70_000], ranges=False)) as server:
        assert client.download(server.url, path).failure is None
    assert path.read_bytes() == CONTENT


def test_from_the_start(client, path):
    storage = Storage(limits=[70_000])
    with Scripted(storage) as server:
        assert client.download(server.url, path, retries_max=0).failure
        done = client.download(server.url, path, from_the_start=True)
    assert done["resumed_bytes"] == 0 and path.read_bytes() == CONTENT
    assert storage.ranges_asked() == [None, None]


@pytest.mark.parametrize(
    "told",
    [
        "bytes 0-199999/200000",
        "bytes 69999-199999/200000",
        "bytes 70000-199998/200000",
        "items 70000-199999/200000",
        "",
    ],
)
def test_a_part_that_is_not_the_one_asked_for(client, path, told):
    """It is never put into the file."""
    first = Storage(limits=[70_000])

    def script(visitor):
        if not first.heads:
            return first(visitor)
        head = visitor.read_head()
        fields = ['ETag: "one"', *([f"Content-Range: {told}"] if told else [])]
        status = "206 Partial Content" if field(head, "Range") else "200 OK"
        content = CONTENT[70_000:] if status.startswith("206") else CONTENT
        visitor.send(response(status, content, *(fields if status.startswith("206") else fields[:1])))

    with Scripted(script) as server:
        assert client.download(server.url, path, retries_max=0).failure
        done = client.download(server.url, path, retries_max=1)
    assert done.failure is not None or path.read_bytes() == CONTENT
    if done.failure:
        assert done.failure == "protocol: client::ClientError::unexpected_part"
        assert not path.exists()


@pytest.mark.parametrize("status", ["404 Not Found", "503 Service Unavailable", "204 No Content"])
def test_what_brings_no_file(client, path, status):
    answer = response(status, "sorry") if not status.startswith("204") else b"HTTP/1.1 204 No Content\r\n\r\n"
    with Scripted(lambda visitor: (visitor.read_head(), visitor.send(answer))) as server:
        failed = client.download(server.url, path)
    assert failed.failure == "protocol: client::ClientError::unexpected_status"
    assert failed.refusal["status"] == int(status[:3])
    assert os.listdir(path.parent) == []


def test_a_folder_that_is_not_there(client, tmp_path):
    with Scripted(Storage()) as server:
        failed = client.download(server.url, tmp_path / "no" / "file")
    assert failed.failure == "file: std::errc::no_such_file_or_directory"
    assert str(tmp_path / "no" / "file") in failed["error"]["peer"]


def test_cancelling_leaves_what_is_there(client, path):
    storage = Storage(content=CONTENT * 50)
    with Scripted(storage) as server:
        failed = client.download(server.url, path, cancel_at_download=100_000)
        assert failed.failure == "protocol: std::errc::operation_canceled" and failed["error"]["cancelled"]
        size = part_of(path).stat().st_size
        assert 0 < size < len(CONTENT) * 50
        done = client.download(server.url, path)
    assert done["resumed_bytes"] == size and path.read_bytes() == CONTENT * 50


@pytest.mark.parametrize("signal", ["kill", "terminate"])
def test_a_server_that_is_killed_in_the_middle(start_client, path, tmp_path_factory, signal):
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "www").mkdir()
    content = os.urandom(8 * MIB)
    (folder / "www/file").write_bytes(content)
    port = free_port()
    # As slow as it takes to be killed in time.
    limits = "limit_rate_after 1m; limit_rate 1m;"
    http = f"server {{ listen 127.0.0.1:{port}; root {folder}/www; location / {{ {limits} }} }}"
    client = start_client()
    url = f"http://127.0.0.1:{port}/file"
    with nginx(folder, port, http) as process:
        going = client.begin("download", url=url, path=path, retries_max=0)
        eventually(lambda: part_of(path).exists() and part_of(path).stat().st_size > 100_000)
        if signal == "kill":
            os.system(f"kill -9 $(pgrep -P {process.pid})")
            process.kill()
        else:
            os.system(f"kill -9 $(pgrep -P {process.pid})")
        assert going.result().failure in (
            "protocol: http1::Error::incomplete_content",
            "protocol: client::ClientError::connection_closed",
        )
    with nginx(folder, port, http.replace(limits, "")):
        done = client.download(url, path)
    assert done["resumed_bytes"] > 100_000
    assert path.read_bytes() == content

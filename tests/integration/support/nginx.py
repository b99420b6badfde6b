"""nginx as it stands in front of others: started for a test, with the part of its configuration
that the test is about."""

import os
import socket
import subprocess
from contextlib import contextmanager

from support.http import eventually
from support.program import DEADLINE_S


def free_port():
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def reachable(address, family=socket.AF_INET):
    with socket.socket(family) as probe:
        return probe.connect_ex(address) == 0


PROXIED = """
proxy_http_version 1.1;
proxy_set_header Host $http_host;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection $connection_upgrade;
proxy_buffering off;
"""


@contextmanager
def nginx(folder, port, http="", stream=""):
    """Runs nginx until the end of the block; `port` is one that it then listens at."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"""
        {"load_module /usr/lib/nginx/modules/ngx_stream_module.so;" if stream else ""}
        daemon off;
        worker_processes 1;
        error_log {folder}/error.log info;
        pid {folder}/pid;
        {"user root;" if os.geteuid() == 0 else ""}
        events {{}}
        http {{
          access_log off;
          client_max_body_size 64m;
          {paths}
          map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
          {http}
        }}
        {f"stream {{ {stream} }}" if stream else ""}
        """
    )
    process = subprocess.Popen(["/usr/sbin/nginx", "-p", folder, "-c", folder / "nginx.conf"])
    try:
        eventually(lambda: process.poll() is not None or reachable(("127.0.0.1", port)))
        assert process.poll() is None, (folder / "error.log").read_text()
        yield process
    finally:
        process.terminate()
        process.wait(DEADLINE_S)

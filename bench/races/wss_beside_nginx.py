#!/usr/bin/python3
"""Races echoes over wss: `duplex serve` that speaks TLS itself, beside nginx that ends TLS in front of it.

    bench/races/wss_beside_nginx.py --bin build/bench/bin [--rounds 5] [--seconds 3]

All servers have one worker each and share core 0, the load has core 1; rounds are in turns. Both encrypt by
the same OpenSSL, with one certificate. Prints echoes a second and the servers' CPU time for each echo, and
the ratios of the medians.
"""

import argparse
import os
import re
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

SIZES = (20, 16 * 1024)
CONNECTIONS = 200
SERVER_CORE, LOAD_CORE = {0}, {1}

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream clear {{ server 127.0.0.1:{clear}; }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    location / {{
      proxy_pass http://clear; proxy_http_version 1.1; proxy_buffering off;
      # A message in one piece each way; the default is 4 KiB.
      proxy_buffer_size 64k; proxy_buffers 4 64k; proxy_busy_buffers_size 64k; client_body_buffer_size 64k;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
    }}
  }}
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(command: list, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [str(word) for word in command], preexec_fn=lambda: os.sched_setaffinity(0, SERVER_CORE), **options
    )


def start_duplex(program: Path, *options: str) -> tuple[subprocess.Popen, int]:
    server = start([program, "serve", "--threads", "1", "--log", "off", *options], stdout=subprocess.PIPE, text=True)
    return server, int(re.search(r"://[^/]*:(\d+)", server.stdout.readline())[1])


def start_nginx(folder: Path, clear_port: int) -> tuple[subprocess.Popen, int]:
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, clear=clear_port, port=port))
    server = start(["/usr/sbin/nginx", "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL)
    return server, port


def wait_for(port: int) -> None:
    """Until somebody listens there."""
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise


def processes(server: subprocess.Popen) -> list[int]:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return [server.pid, *map(int, children)]


def cpu_seconds(servers: list[subprocess.Popen]) -> float:
    ticks = 0
    for server in servers:
        for pid in processes(server):
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def load(program: Path, port: int, size: int, seconds: float) -> tuple[int, float]:
    command = [program, port, "--connections", CONNECTIONS, "--bytes", size, "--seconds", seconds, "--tls"]
    done = subprocess.run(
        [str(word) for word in command],
        preexec_fn=lambda: os.sched_setaffinity(0, LOAD_CORE),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    echoes, _ = done.stdout.split()
    return int(echoes), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path, required=True, help="where duplex and echo_load are")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    arguments = parser.parse_args()
    duplex = arguments.bin / "duplex"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        certificate = ["--out", folder / "cert.pem", "--key", folder / "key.pem", "--dir", folder / "ca"]
        subprocess.run([duplex, "cert", "localhost", *certificate], check=True, stdout=subprocess.DEVNULL)
        tls = ["--tls-listen", "127.0.0.1:0", "--tls-cert", folder / "cert.pem", "--tls-key", folder / "key.pem"]
        direct, direct_port = start_duplex(duplex, *tls)
        clear, clear_port = start_duplex(duplex, "--listen", "127.0.0.1:0")
        nginx, nginx_port = start_nginx(folder, clear_port)
        racers = {"duplex": ([direct], direct_port), "nginx + duplex": ([nginx, clear], nginx_port)}
        try:
            wait_for(nginx_port)
            for size in SIZES:
                rates = {racer: [] for racer in racers}
                costs = {racer: [] for racer in racers}
                for _ in range(arguments.rounds):
                    for racer, (servers, port) in racers.items():
                        before = cpu_seconds(servers)
                        echoes, seconds = load(arguments.bin / "echo_load", port, size, arguments.seconds)
                        rates[racer].append(echoes / seconds)
                        costs[racer].append((cpu_seconds(servers) - before) / echoes * 1e6)
                print(f"{size} bytes, {CONNECTIONS} connections")
                for racer in racers:
                    rounds = " ".join(f"{rate:,.0f}" for rate in rates[racer])
                    rate, cost = statistics.median(rates[racer]), statistics.median(costs[racer])
                    print(f"  {racer:15} {rate:9,.0f} echoes/s ({rounds}), {cost:.2f} us of CPU each")
                ratio = statistics.median(rates["duplex"]) / statistics.median(rates["nginx + duplex"])
                print(f"  {ratio:.2f} times as many")
        finally:
            for server in (direct, nginx, clear):
                server.send_signal(signal.SIGTERM)
                server.wait()


if __name__ == "__main__":
    main()

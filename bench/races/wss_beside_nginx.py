#!/usr/bin/python3
"""Races echoes over wss: `duplex serve` that speaks TLS itself, beside nginx that ends TLS in front of it.

    bench/races/wss_beside_nginx.py --bin build/bench/bin [--rounds 5] [--seconds 3]

All servers have one worker each and share core 0, the load has core 1; rounds are in turns. Both encrypt by
the same OpenSSL, with one certificate. Prints echoes a second and the servers' CPU time for each echo, and
the ratios of the medians.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

from racing import Racer, free_port, load, race, start, start_duplex, stop, wait_for

SIZES = (20, 16 * 1024)
CONNECTIONS = 200

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


def start_nginx(folder: Path, clear_port: int) -> tuple[subprocess.Popen, int]:
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, clear=clear_port, port=port))
    server = start(["/usr/sbin/nginx", "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL)
    return server, port


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
        try:
            wait_for(nginx_port)
            for size in SIZES:

                def echo(port: int, size: int = size):
                    options = ["--connections", CONNECTIONS, "--bytes", size, "--seconds", arguments.seconds, "--tls"]
                    return lambda: load(arguments.bin / "echo_load", port, *options)

                racers = {
                    "duplex": Racer([direct], echo(direct_port)),
                    "nginx + duplex": Racer([nginx, clear], echo(nginx_port)),
                }
                medians = race(f"{size} bytes, {CONNECTIONS} connections", racers, arguments.rounds)
                print(f"  {medians['duplex'] / medians['nginx + duplex']:.2f} times as many")
        finally:
            stop(direct, nginx, clear)


if __name__ == "__main__":
    main()

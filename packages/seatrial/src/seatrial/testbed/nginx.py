"""nginx in front of the app: spreads requests, serves files, compresses, keeps pages of people it does not know."""

import os
import pwd
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path

from seatrial.errors import TestbedError
from seatrial.spec.services import Services
from seatrial.testbed.service import Program
from seatrial.testbed.surroundings import Surroundings

__all__ = ["find_nginx", "nginx_conf", "nginx_program"]

PLACES = "/usr/sbin:/usr/local/sbin:/opt/homebrew/bin:/usr/local/bin"
"""Where it is installed, besides the PATH: Debian keeps it from users' PATH."""

ASK_TIMEOUT_S = 2.0
CLIENTS_MAX = 4000
IDLE_CONNECTIONS = 512
"""Kept to the instances; with fewer, a busy balancer would open a connection for most requests."""
KEPT_MB = 64

# Who sends a cookie or a password may be somebody, so nothing kept is for them and nothing of theirs is kept: for them
# there is no cache at all. What an answer says of its own keeping counts only where it forbids it: permission for an
# hour is for browsers. What sets a cookie is never kept (nginx's own rule), nor what varies by everything.
CACHE = """\
	proxy_cache_path {folder}/cache levels=1 keys_zone=pages:4m max_size={kept_mb}m inactive=10s use_temp_path=off;
	map "$http_cookie$http_authorization" $cache_for {{ default off; "" pages; }}
	map "$upstream_http_cache_control|$upstream_http_pragma|$upstream_http_expires" $is_forbidden {{
		default 0;
		"~*(private|no-store|no-cache|max-?age=0)" 1;
		"~^\\|.*\\|." 1;
	}}
"""
TYPES = """\
	default_type application/octet-stream;
	types {
		text/html html htm; text/css css; text/javascript js mjs; text/plain txt; application/json json;
		image/png png; image/jpeg jpg jpeg; image/gif gif; image/svg+xml svg; image/webp webp; image/x-icon ico;
		font/woff2 woff2; font/woff woff; application/wasm wasm; application/pdf pdf; video/mp4 mp4; audio/mpeg mp3;
	}
"""
CACHED = """\
			proxy_cache $cache_for;
			proxy_cache_key "$request_method $scheme $http_x_forwarded_proto $http_host $request_uri";
			proxy_cache_valid 200 {seconds}s;
			proxy_ignore_headers Cache-Control Expires X-Accel-Expires;
			proxy_no_cache $is_forbidden;
			add_header X-Cache-Status $upstream_cache_status always;
"""


def find_nginx() -> Path:
    """The program. Raises TestbedError when it is not installed."""
    found = shutil.which("nginx") or shutil.which("nginx", path=PLACES)
    if found is None:
        raise TestbedError(
            "nginx is not installed",
            where="services.balancer",
            try_this="Install it: apt-get install nginx (Debian, Ubuntu), brew install nginx (macOS).",
        )
    return Path(found)


def nginx_conf(
    folder: Path, port: int, instances: Sequence[int], services: Services, *, keep_alive_s: int, processes: int
) -> str:
    """Its settings. instances: the ports of the app. keep_alive_s: how long the app keeps an idle connection open."""
    # Given up before the app closes it: a request sent into a closing connection would be lost.
    kept = f"keepalive {IDLE_CONNECTIONS}; keepalive_timeout {500 * keep_alive_s}ms;" if keep_alive_s else ""
    folders = [
        f"\t\tlocation ^~ {prefix} {{ alias {_quoted(f'{where}/')}; }}\n" for prefix, where in services.static.items()
    ]
    temporary = [
        f"\t{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    ]
    servers = [f"server 127.0.0.1:{one} max_fails=1 fail_timeout=2s; " for one in instances]
    compression = "gzip_types text/css text/plain text/javascript application/javascript application/json"
    cache, cached = (CACHE, CACHED) if services.micro_cache_s else ("", "")
    # What the load says was forwarded (X-Forwarded-Proto) reaches the app, as it does without a balancer.
    return f"""\
{_as_whom()}daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
worker_processes {processes};
events {{ worker_connections {CLIENTS_MAX}; }}
http {{
	access_log off;
{TYPES}	client_max_body_size 0;
	keepalive_requests 1000000;
{"".join(temporary)}{cache.format(folder=folder, kept_mb=KEPT_MB)}\
	map $http_upgrade $connection_wanted {{ default upgrade; "" "{"" if keep_alive_s else "close"}"; }}
	upstream app {{ zone app 64k; least_conn; {"".join(servers)}{kept} }}
	server {{
		listen 127.0.0.1:{port};
{f"		gzip on; gzip_proxied any; gzip_min_length 256; {compression};" if services.compression else ""}
{"".join(folders)}\
		location / {{
			proxy_pass http://app;
			proxy_http_version 1.1;
			proxy_set_header Host $http_host;
			proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection $connection_wanted;
			proxy_connect_timeout 2s;
			proxy_read_timeout 1h;
{cached.format(seconds=services.micro_cache_s)}\
		}}
	}}
}}
"""


def _as_whom() -> str:
    # As whoever started Seatrial, who can read the app's own files.
    return f"user {pwd.getpwuid(0).pw_name};\n" if os.geteuid() == 0 else ""


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def nginx_program(
    binary: Path, at: Surroundings, port: int, instances: Sequence[int], services: Services, *, keep_alive_s: int
) -> Program:
    """What to start for this port, with its file made."""
    folder = at.folder / "nginx"
    folder.mkdir(exist_ok=True)
    settings = folder / "nginx.conf"
    settings.write_text(
        nginx_conf(folder, port, instances, services, keep_alive_s=keep_alive_s, processes=max(1, len(at.cpus))),
        encoding="utf-8",
    )
    environment = {"PATH": os.defpath, "LC_ALL": "C", "HOME": str(folder)}
    argv = (str(binary), "-e", "stderr", "-p", str(folder), "-c", str(settings))

    def answers() -> bool:
        # It listens once its settings are in force; a request would already be the app's.
        try:
            socket.create_connection(("127.0.0.1", port), ASK_TIMEOUT_S).close()
        except OSError:
            return False
        return True

    return Program("nginx", "services.balancer", argv, environment, folder, answers)

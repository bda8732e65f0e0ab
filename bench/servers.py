"""The servers of a benchmark run: ours with one process and with two, the two peers, and nginx with the file."""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

from bench.load import Server, serving
from launcher.dev.embedded import free_port

PATH = "/api/games"
_NGINX = """
worker_processes 1; daemon off; pid {root}/nginx.pid; error_log {root}/nginx.log;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;
  uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5; keepalive_requests 1000000000; sendfile on; tcp_nopush on;
  server {{ listen 127.0.0.1:{port}; default_type application/json;
            location = /rows {{ alias {body}; }} location = /healthz {{ return 200 '{{"ok":true}}'; }} }}
}}
"""


def start_all(
    stack: ExitStack, root: Path, body: bytes, ours_url: str, peer_url: str, redis_url: str
) -> dict[str, Server]:
    """Start every server until `stack` closes; nginx only where it is installed."""
    document = root / "document.json"
    document.write_bytes(body)
    started: dict[str, Server] = {}
    port = free_port()
    peer = [sys.executable, "-m", "gunicorn", "bench.peer_fastapi:app", "-w", "1"]
    peer += ["-k", "uvicorn_worker.UvicornWorker", "-b", f"127.0.0.1:{port}"]
    peer_environment = {"PEER_DATABASE_URL": peer_url.replace("postgresql", "postgresql+asyncpg", 1)}
    started["peer"] = stack.enter_context(serving(peer, port, peer_environment))
    port = free_port()
    cached = [
        sys.executable,
        "-m",
        "uvicorn",
        "bench.peer_cached:app",
        "--loop",
        "uvloop",
        "--http",
        "httptools",
    ]
    cached += ["--no-access-log", "--port", str(port)]
    started["cached"] = stack.enter_context(serving(cached, port, {"BODY": str(document)}))
    started["one"] = ours(stack, ours_url, redis_url)
    started["slow"] = ours(stack, ours_url, redis_url, FAST_READS="false")
    started["two"] = ours(stack, ours_url, redis_url, WEB_CONCURRENCY="2")
    if nginx := shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin"):
        port = free_port()
        configuration = root / "nginx.conf"
        configuration.write_text(_NGINX.format(root=root, port=port, body=document))
        started["nginx"] = stack.enter_context(serving([nginx, "-c", str(configuration)], port, {}))
    return started


def ours(stack: ExitStack, database_url: str, redis_url: str, **settings: str) -> Server:
    """Start a web role of ours."""
    port = free_port()
    environment = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SCHEDULER_STANDALONE": "true",
        "HOST": "127.0.0.1",
        "LOG_FORMAT": "json",
        "PORT": str(port),
        **settings,
    }
    command = [sys.executable, "-m", "launcher", "web"]
    several = settings.get("WEB_CONCURRENCY", "1") != "1"
    return stack.enter_context(serving(command, port, environment, ready=PATH if several else "/healthz"))

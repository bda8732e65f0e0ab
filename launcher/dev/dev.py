"""`launcher dev`: everything on one machine, from nothing. Sandbox upstreams stand in where a key is missing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shlex
import socket
import sys
import time
from pathlib import Path

from launcher.dev.embedded import EmbeddedServiceError, Services, embedded_services, free_port
from launcher.host.child import Spec
from launcher.host.supervisor import Supervisor
from launcher.host.workers import stop_on_signals

PROJECT = Path(__file__).resolve().parents[2]
GRACE_SECONDS = 10  # for a process to end, before it is killed
READY_SECONDS = 60.0


def run_dev(port: int | None) -> int:
    """Run until Ctrl-C or SIGTERM; return the exit code."""
    wanted = os.environ.get("PORT") or "8000"
    port = port or (int(wanted) if wanted.isascii() and wanted.isdigit() else 0)
    if not 0 < port < 65_536:
        return _fail(f"PORT is no port: {wanted}. Choose one from 1 to 65535: PORT=8080 make dev")
    given = os.environ.get("ODDS_REPLAY_DIR", "")
    replay = Path(given).resolve() if given else None
    if replay and not replay.is_dir():
        return _fail(f"ODDS_REPLAY_DIR is no folder: {given}")
    if _taken(port):
        return _fail(f"Port {port} is in use. Stop what listens there, or choose another: PORT=8080 make dev")
    # Each source has data of its own: recorded or real games must not mix with the sandbox's.
    source = "replay" if replay else "live" if os.environ.get("THE_ODDS_API_KEY") else "dev"
    root = PROJECT / ".local" / source
    try:
        with embedded_services(root) as services:
            return asyncio.run(_run(services, port, replay, root / "env"))
    except EmbeddedServiceError as problem:
        return _fail(str(problem))
    except KeyboardInterrupt:
        return 0


async def _run(services: Services, port: int, replay: Path | None, env_file: Path) -> int:
    sandbox_port = free_port()
    environment = development_environment(services, port, sandbox_port, replay)
    _write_environment(env_file, environment)
    python = sys.executable
    sandbox = (python, "-m", "quartapp.sandbox", str(sandbox_port), *([str(replay)] if replay else []))
    supervisor = Supervisor(
        [
            Spec("sandbox", sandbox, environment),
            Spec("web", (python, "-m", "launcher", "web"), environment),
            Spec("clock", (python, "-m", "launcher", "clock"), environment),
        ],
        grace_seconds=GRACE_SECONDS,
    )
    stop_on_signals(supervisor)
    running = asyncio.create_task(supervisor.run())
    source = environment["DATA_SOURCE"]
    announcing = asyncio.create_task(_announce(services, port, sandbox_port, source, env_file))
    code = await running
    announcing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await announcing
    return code


def development_environment(
    services: Services, port: int, sandbox_port: int, replay: Path | None
) -> dict[str, str]:
    """Return the settings of a development run: the developer's own where set, the sandbox's elsewhere."""
    given = os.environ
    base = f"http://127.0.0.1:{sandbox_port}"
    made = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": services.database_url,
        "REDIS_URL": services.redis_url,
        "JWT_SECRET": given.get("JWT_SECRET") or secrets.token_hex(32),
        "HOST": given.get("HOST") or "127.0.0.1",
        "PORT": str(port),
        "SCHEDULER_STANDALONE": "true",
        "OPS_DEBUG_ENABLED": given.get("OPS_DEBUG_ENABLED") or "true",
        "LOG_FORMAT": given.get("LOG_FORMAT") or "console",
        "CORS_ALLOWED_ORIGINS": given.get("CORS_ALLOWED_ORIGINS") or "http://localhost:3000",
        "PYTHONUNBUFFERED": "1",
        "DATA_SOURCE": "live",
        # Ctrl-C ends the upstreams too: a job that still asks them is cancelled before the supervisor kills its clock.
        "DRAIN_SECONDS": str(GRACE_SECONDS // 2),
        # Whatever production's values a developer has exported: these databases and switches are not for here.
        "MIGRATION_DATABASE_URL": "",
        "DATABASE_POOLER": "false",
        "HEARTBEAT_URL": "",
        "REUSE_PORT": "false",
    }
    if replay or not given.get("THE_ODDS_API_KEY"):
        made |= {
            "THE_ODDS_API_KEY": "sandbox-odds-key",
            "ODDS_API_BASE_URL": f"{base}/odds-api",
            "ESPN_BASE_URL": f"{base}/espn",
            "ODDS_API_DAILY_CREDITS": given.get("ODDS_API_DAILY_CREDITS") or "20000",
            "DATA_SOURCE": "replay" if replay else "sandbox",
        }
    if not given.get("TELEGRAM_BOT_TOKEN"):
        made |= {
            "TELEGRAM_BOT_TOKEN": "1000000001:sandbox-telegram-bot-token-000000",
            "TELEGRAM_ALERT_CHAT_ID": "1",
            "TELEGRAM_BASE_URL": f"{base}/telegram",
        }
    if given.get("OPENAI_MODEL", "").partition(":")[0] == "sandbox":
        made |= {"OPENAI_API_KEY": "sandbox-openai-key", "OPENAI_BASE_URL": f"{base}/openai"}
    return made


def _write_environment(path: Path, environment: dict[str, str]) -> None:
    """Leave the settings for a shell, so that `launcher status` and its like can be tried on this run."""
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in sorted(environment.items())]
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as sink:
        sink.writelines(lines)


async def _announce(services: Services, port: int, sandbox_port: int, source: str, env_file: Path) -> None:
    """Print where everything is once the site is ready and has games."""
    import httpx

    url = f"http://127.0.0.1:{port}"
    started = time.monotonic()
    async with httpx.AsyncClient(timeout=3) as client:
        while True:
            with contextlib.suppress(httpx.HTTPError, ValueError):
                ready = await client.get(f"{url}/readyz")
                games = await client.get(f"{url}/api/games")
                if ready.status_code == 200 and games.status_code == 200 and games.json()["games"]:
                    break
            if time.monotonic() - started > READY_SECONDS:
                sys.stdout.write("Not ready yet; the lines above say what is missing.\n")
                started = time.monotonic()
            await asyncio.sleep(0.1)
    _print_table(
        f"Ready after {time.monotonic() - started:.1f} s, with {source} data. Ctrl-C stops everything.",
        {
            "games": f"{url}/api/games",
            "sports": f"{url}/api/sports",
            "API documentation": f"{url}/api/docs",
            "readiness": f"{url}/readyz",
            "jobs": f"{url}/ops/jobs",
            "alerts sent": f"http://127.0.0.1:{sandbox_port}/sandbox/telegram",
            "settings for a shell": f". {shlex.quote(str(env_file.relative_to(PROJECT)))}",
            "PostgreSQL": services.database_url,
            "Redis": services.redis_url,
        },
    )


def _print_table(title: str, rows: dict[str, str]) -> None:
    width = max(map(len, rows))
    lines = "".join(f"  {name:<{width}}  {value}\n" for name, value in rows.items())
    sys.stdout.write(f"\n{title}\n\n{lines}\n")
    sys.stdout.flush()


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _fail(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 1

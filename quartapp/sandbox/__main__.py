"""``python -m quartapp.sandbox PORT [REPLAY_FOLDER]``: serve the sandbox on loopback until SIGTERM."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from hypercorn.asyncio import serve
from hypercorn.config import Config

from quartapp.sandbox.app import create_sandbox
from quartapp.sandbox.replay import ReplayError


async def main(port: int, folder: Path | None) -> None:
    """Serve until told to stop."""
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.accesslog = None
    config.loglevel = "WARNING"
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(create_sandbox(replay_folder=folder), config, shutdown_trigger=stop.wait)


def _die_with_parent() -> None:
    """The launcher's children end with it; imported late, for only a started sandbox has a launcher."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


if __name__ == "__main__":
    _die_with_parent()
    try:
        asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
    except ReplayError as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(2)

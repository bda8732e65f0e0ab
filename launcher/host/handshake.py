"""What a supervisor and a web process that it started know of each other, beside the listening socket."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

MIGRATED = "LAUNCHER_MIGRATED"  # set to 1 by a parent that has brought the schema already


def ready_marker(process_id: int) -> Path:
    """Return the file by which a supervised web process says that it serves."""
    return Path(tempfile.gettempdir()) / f"launcher-ready-{os.getuid()}-{process_id}"

"""The runbook's smoke test of migrations: the same as ``python -m ops.migrate_with_lock``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ops.migrate_with_lock import main

if __name__ == "__main__":
    sys.exit(main())

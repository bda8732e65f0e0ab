"""``python -m launcher``."""

import gc

# Before anything else is imported. What is imported stays, and the collector would walk it again and again.
gc.set_threshold(50_000, 20, 20)

from launcher.cli import main  # noqa: E402

main()

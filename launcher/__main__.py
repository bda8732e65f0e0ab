"""``python -m launcher``."""

import gc

from launcher.serve.later import UNUSED, load_later

# Before anything else is imported. What is imported stays, and the collector would walk it again and again.
gc.set_threshold(50_000, 20, 20)
load_later(*UNUSED)

from launcher.cli import main  # noqa: E402

main()

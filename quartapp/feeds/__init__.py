"""One client an upstream, and a sandbox that stands in for all of them."""

import sys

# httpx loads its command line, and with it Rich and Pygments where they are installed: 8 MB that nothing here uses.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None is how an import fails at once

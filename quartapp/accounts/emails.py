"""One spelling for an e-mail address."""

from __future__ import annotations

import re
import unicodedata

_FORBIDDEN = r"@\s\x00-\x1f\x7f\"(),:;<>\[\]\\"
_ADDRESS = re.compile(rf"[^{_FORBIDDEN}]{{1,64}}@(?:[^{_FORBIDDEN}.]{{1,63}}\.)+[^@\s\W\d_]{{2,63}}")
LONGEST = 254


def normalise_email(text: str) -> str:
    """Return the one spelling under which an account is kept. Raises ValueError for what is no address.

    >>> normalise_email(" Ann@Example.COM ")
    'ann@example.com'
    """
    address = unicodedata.normalize("NFKC", text.strip()).casefold()
    if len(address) > LONGEST or not address.isprintable() or not _ADDRESS.fullmatch(address):
        raise ValueError("must be an e-mail address")
    return address

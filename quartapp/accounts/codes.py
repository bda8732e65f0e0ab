"""Recovery codes: ten random texts, shown once, of which only digests are kept."""

from __future__ import annotations

import hashlib
import secrets

COUNT = 10
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without what is mistaken for another: 0 O 1 I L
_LENGTH = 16  # 79 bits


def make_codes() -> list[str]:
    """Return ten new codes as they are shown: four groups of four."""
    made = ["".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(COUNT)]
    return ["-".join(code[start : start + 4] for start in range(0, _LENGTH, 4)) for code in made]


def code_hash(code: str) -> bytes:
    """Return what is stored of a code, however it was typed.

    A code is random, so one round of SHA-256 is enough: there is no likelier one to try first.

    >>> code_hash("abcd-efgh jkmn PQRS") == code_hash("ABCDEFGHJKMNPQRS")
    True
    """
    letters = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(letters.encode("utf-8", "replace")).digest()

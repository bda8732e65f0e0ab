"""Exclusions: a member closes their account to bets, and nothing opens it before its end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

Days = Literal[1, 7, 30, 180, 365]
DAYS: tuple[int, ...] = get_args(Days)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """From when, and until when; `until` is None for one that has no end."""

    began_at: datetime
    until: datetime | None

    def holds(self, now: datetime) -> bool:
        """Return whether the member is excluded now."""
        return self.until is None or now < self.until


def begin(days: int | None, now: datetime) -> Exclusion:
    """Return an exclusion of so many days, None for good. Raises ValueError for a length that is not offered."""
    if days is not None and days not in DAYS:
        raise ValueError(f"must be one of {', '.join(map(str, DAYS))}, or null for good")
    return Exclusion(now, None if days is None else now + timedelta(days=days))


def longest(exclusions: Iterable[Exclusion], now: datetime) -> Exclusion | None:
    """Return the exclusion that holds longest; None where none holds. A shorter one never ends a longer one."""
    holding = [one for one in exclusions if one.holds(now)]
    if not holding:
        return None
    return max(holding, key=lambda one: (one.until is None, one.until or one.began_at))


def address_hash(email: str) -> bytes:
    """Return what stands for the address of a deleted, excluded account; it takes about 50 ms and 16 MiB.

    Slow (scrypt), because the addresses of people are few enough to try them all against a quick hash. Without a
    salt of its own, because it must be found again.
    """
    return hashlib.scrypt(email.encode(), salt=b"excluded address", n=2**14, r=8, p=1, dklen=32)

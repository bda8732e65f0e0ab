"""Betting exchanges: what each keeps of winnings unless told otherwise. No parlay can be placed on one."""

from __future__ import annotations

from collections.abc import Mapping

# The published standard rates; a member may pay less.
COMMISSIONS: Mapping[str, float] = {
    "betfair": 0.05,
    "betfair_ex_au": 0.05,
    "betfair_ex_eu": 0.05,
    "betfair_ex_uk": 0.05,
    "betfair_ex_us": 0.05,
    "betopenly": 0.02,
    "kalshi": 0.02,
    "matchbook": 0.02,
    "novig": 0.0,
    "polymarket": 0.0,
    "prophetx": 0.02,
    "smarkets": 0.02,
}


def is_exchange(bookmaker: str) -> bool:
    """Tell whether prices of this key are an exchange's."""
    return bookmaker in COMMISSIONS


def commission(bookmaker: str) -> float:
    """Return the share of winnings that a book keeps: 0 for a bookmaker."""
    return COMMISSIONS.get(bookmaker, 0.0)

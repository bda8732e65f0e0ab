"""Betting exchanges: what each keeps of winnings unless EXCHANGE_COMMISSIONS says otherwise. None takes a parlay."""

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


def commissions_of(text: str) -> dict[str, float]:
    """Return every exchange's commission, those that `text` names in place of the standard rates. Raises ValueError.

    >>> commissions_of("smarkets:0.01, matchbook:0")["smarkets"], commissions_of("")["betfair_ex_uk"]
    (0.01, 0.05)
    """
    found = dict(COMMISSIONS)
    for word in filter(None, (part.strip() for part in text.split(","))):
        exchange, _, share = word.partition(":")
        if exchange not in COMMISSIONS:
            raise ValueError(f"names no exchange that is known; known: {', '.join(COMMISSIONS)}")
        try:
            found[exchange] = float(share)
        except ValueError:
            found[exchange] = -1.0
        if not 0 <= found[exchange] < 1:
            raise ValueError(
                f"must say a share from 0 to 1 of {exchange}'s winnings, such as {exchange}:0.05"
            )
    return found

"""What is wrong with the grading of bets: legs that cannot be read, and legs that wait for what no source tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops.clock.findings import Alert, Findings, Trouble, found

UNREADABLE, WAITING = "settle:unreadable", "settle:waiting"


def judge_bets(settled: Mapping[str, Any]) -> Findings:
    """Return what is wrong with the grading of bets, from what its newest run says of itself."""
    return found(_unreadable(settled), UNREADABLE) + found(_waiting(settled), WAITING)


def _unreadable(settled: Mapping[str, Any]) -> Trouble | None:
    count = settled.get("unreadable")
    if not count:
        return None
    alert = Alert(
        "Bets cannot be graded",
        f"Legs whose outcome is none of their game's, {count} of them, stay open and are never guessed at. The first is "
        f"{settled.get('first_unreadable')}",
        "warning",
        "once",
    )
    text = f"{count} of the bets on games cannot be graded"
    return Trouble("bets_unreadable", text, cause=UNREADABLE, alert=alert)


def _waiting(settled: Mapping[str, Any]) -> Trouble | None:
    count = settled.get("waiting")
    if not count:
        return None
    alert = Alert(
        "Bets wait for more than a final score",
        f"No source tells of the games of {count} legs what their rule asks for, or how they ended. The first is "
        f"{settled.get('first_waiting')}\nSee: docs/settlement.md, rules 8 and 21",
        "warning",
        "once",
    )
    text = f"{count} of the bets on games that are over wait, because no source tells enough of them"
    return Trouble("bets_waiting", text, cause=WAITING, alert=alert)

"""How a line moved since it opened: the numbers, and a series of even steps fit for a sparkline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Movement:
    """From the opening to the current value; `series` holds the value at even steps of time."""

    opened_at: datetime
    open: float
    current: float
    change: float
    low: float
    high: float
    series: tuple[float, ...]


def movement(points: Sequence[tuple[datetime, float]], steps: int = 24) -> Movement | None:
    """Return the movement of (moment, value) points in order of time; None without any.

    Between two points the line stands still, so the series carries each value forward; it ends with the
    current one.
    """
    if not points:
        return None
    values = [value for _, value in points]
    start, end = points[0][0], points[-1][0]
    series: list[float] = []
    index = 0
    count = steps if end > start else 1
    for step in range(count):
        moment = start + (end - start) * (step / max(1, count - 1))
        while index + 1 < len(points) and points[index + 1][0] <= moment:
            index += 1
        series.append(values[index])
    return Movement(
        start, values[0], values[-1], values[-1] - values[0], min(values), max(values), tuple(series)
    )

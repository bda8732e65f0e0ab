"""The markets that are asked for, published, priced and settled: named here alone."""

from __future__ import annotations

from typing import Literal, get_args

MarketKey = Literal["h2h", "spreads", "totals"]
MARKETS: tuple[MarketKey, ...] = get_args(MarketKey)

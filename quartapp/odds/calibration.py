"""How well the default method's consensus forecasts a past season: a back-test, measured and not claimed.

What was published before its games, and how it did, is record.py's. `python -m bench.backtest FILE` measures any season.

A test recomputes the figure from the recorded season wherever that lies beside the checkout.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Calibration:
    """A measured figure: mean log loss of the h2h consensus (nats; less is better) over `games` games."""

    method: str
    log_loss: float
    brier: float
    games: int
    sample: str


MEASURED = Calibration(
    method="power",
    log_loss=0.906779,
    brier=0.53184,
    games=380,
    sample="English Premier League 2023-24, six books, closing prices (football-data.co.uk)",
)

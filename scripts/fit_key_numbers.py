"""Prints the weights of football's key numbers, fitted to a file of results: what quartapp/odds/key_numbers.py holds.

Usage: python -m scripts.fit_key_numbers nfl_lines_2002_2015.csv
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from quartapp.odds.margins import fit_weights
from quartapp.odds.sports import NFL

KNOWN, PRIOR = 40, 15.0  # the prior with the least log loss of those tried, five-fold: 0.5, 5, 15, 40


def margins(path: Path) -> list[tuple[float, int]]:
    """Return (margin expected by the spread, margin) of every game in the file."""
    with path.open() as file:
        return [
            (-float(row["home_spread"]), int(row["home_score"]) - int(row["away_score"]))
            for row in csv.DictReader(file)
        ]


def fitted(games: list[tuple[float, int]]) -> list[float]:
    """Return the weights of 0 .. 39."""
    return fit_weights(games, NFL.margin_sd, known=KNOWN, prior=PRIOR)


if __name__ == "__main__":
    print(tuple(round(weight, 4) for weight in fitted(margins(Path(sys.argv[1])))))

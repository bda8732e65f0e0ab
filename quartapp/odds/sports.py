"""What is known of each sport's scores before any price: the family of its distribution and its spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from quartapp.odds.key_numbers import NFL_MARGINS


@dataclass(frozen=True, slots=True)
class Sport:
    """How the scores of a sport are distributed about what the market expects, and where that is from.

    `measured`: on recorded games, by a test; `sample` names them, or the source. `overtime`: a level game is
    played on until someone scores. `may_draw`: a whole game may end level, and books offer the draw.
    """

    name: str
    family: Literal["poisson", "normal"]
    sample: str
    measured: bool = False
    log_loss: float | None = None
    overtime: bool = False
    may_draw: bool = False
    total_mean: float = 2.7
    rho: float = 0.0
    margin_sd: float = 0.0
    total_sd: float = 0.0
    correlation: float = 0.0
    weights: tuple[float, ...] = ()
    never_level: bool = False


SOCCER = Sport(
    "soccer", "poisson",
    "closing odds and goals of 10,575 games, England, France, Italy, Spain 2012-19 (public collections); joint "
    "log loss of result and over/under 2.5 on every fifth",
    measured=True, log_loss=1.5951, may_draw=True, total_mean=2.7, rho=-0.09,
)  # fmt: skip
NFL = Sport(
    "nfl", "normal",
    "spread, total and score of 3,738 games, NFL 2002-15 (public collections); win, push, loss at whole-number "
    "spreads, five-fold",
    measured=True, log_loss=0.8410, margin_sd=13.6, total_sd=13.5, correlation=0.03, weights=NFL_MARGINS,
)  # fmt: skip
COLLEGE_FOOTBALL = Sport(
    "college_football", "normal",
    "margin: standard deviation 16, Winston, Mathletics (2009); total: 17, assumed; key numbers as in the NFL",
    margin_sd=16.0, total_sd=17.0, weights=NFL_MARGINS, never_level=True,
)  # fmt: skip
HOCKEY = Sport(
    "icehockey", "poisson",
    "Poisson goals in regulation, Thomas, Inter-arrival times of goals in ice hockey (2007); a level game ends by "
    "one goal, in proportion to the rates",
    overtime=True, total_mean=6.0,
)  # fmt: skip
BASKETBALL = Sport(
    "basketball", "normal",
    "margin: standard deviation 12, Winston, Mathletics (2009); total: 18, assumed",
    margin_sd=12.0, total_sd=18.0, never_level=True,
)  # fmt: skip
COLLEGE_BASKETBALL = Sport(
    "college_basketball", "normal",
    "margin: standard deviation 10, Winston, Mathletics (2009); total: 16, assumed",
    margin_sd=10.0, total_sd=16.0, never_level=True,
)  # fmt: skip
BASEBALL = Sport(
    "baseball", "normal",
    "margin: standard deviation 4.3; total: 4.4; both assumed, from the spread of runs of a team of about 3",
    margin_sd=4.3, total_sd=4.4, never_level=True,
)  # fmt: skip
RUGBY = Sport(
    "rugby", "normal",
    "margin: standard deviation 14; total: 13; both assumed",
    margin_sd=14.0, total_sd=13.0, may_draw=True,
)  # fmt: skip

_BY_PREFIX: tuple[tuple[str, Sport], ...] = (
    ("soccer_", SOCCER),
    ("americanfootball_ncaaf", COLLEGE_FOOTBALL),
    ("americanfootball_", NFL),
    ("icehockey_", HOCKEY),
    ("basketball_ncaab", COLLEGE_BASKETBALL),
    ("basketball_wncaab", COLLEGE_BASKETBALL),
    ("basketball_", BASKETBALL),
    ("baseball_", BASEBALL),
    ("rugby", RUGBY),
    ("aussierules_", RUGBY),
)
_BY_NAME = {sport.name: sport for _, sport in _BY_PREFIX}


def sport_of(sport_key: str) -> Sport | None:
    """Return what is known of a league's scores; None for a sport without a score to speak of, such as tennis.

    >>> sport_of("americanfootball_nfl").name, sport_of("tennis_atp_us_open")
    ('nfl', None)
    """
    return next((sport for prefix, sport in _BY_PREFIX if sport_key.startswith(prefix)), None)


def sport_named(name: str) -> Sport | None:
    """Return a sport by the name that a model's parameters carry."""
    return _BY_NAME.get(name)


def may_draw(sport_key: str) -> bool:
    """Tell whether a game of a league may end level with the draw a bet of its own."""
    sport = sport_of(sport_key)
    return sport_key.startswith(("cricket_test", "boxing_")) or (sport is not None and sport.may_draw)

"""The sandbox's world: teams, games, results, prices, injuries. Pure functions of a seed and a moment."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import NormalDist
from typing import Any

GAME_HOURS = 3
PRICE_PERIOD = timedelta(minutes=2)  # prices stand still for this long
# How far results spread about what is expected, in points: spreads then say what prices of the winner say.
_DEVIATIONS = {"American Football": 13.6, "Basketball": 12.0, "Baseball": 4.3, "Ice Hockey": 2.45}
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class League:
    """A league and how often it plays. `hours` are kick-off times in UTC; a tie is possible where `draws`."""

    key: str
    title: str
    group: str
    teams: tuple[str, ...]
    games_a_day: int
    hours: tuple[int, ...]
    total: float
    draws: bool = False
    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    american: bool = True


def _teams(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


LEAGUES = (
    League("americanfootball_nfl", "NFL", "American Football", _teams(
        "Arizona Cardinals, Atlanta Falcons, Baltimore Ravens, Buffalo Bills, Carolina Panthers, Chicago Bears,"
        "Cincinnati Bengals, Cleveland Browns, Dallas Cowboys, Denver Broncos, Detroit Lions, Green Bay Packers,"
        "Houston Texans, Indianapolis Colts, Jacksonville Jaguars, Kansas City Chiefs, Las Vegas Raiders,"
        "Los Angeles Chargers, Los Angeles Rams, Miami Dolphins, Minnesota Vikings, New England Patriots,"
        "New Orleans Saints, New York Giants, New York Jets, Philadelphia Eagles, Pittsburgh Steelers,"
        "San Francisco 49ers, Seattle Seahawks, Tampa Bay Buccaneers, Tennessee Titans, Washington Commanders"),
        8, (18, 21), 44.5, days=(0, 3, 6)),
    League("basketball_nba", "NBA", "Basketball", _teams(
        "Atlanta Hawks, Boston Celtics, Brooklyn Nets, Charlotte Hornets, Chicago Bulls, Cleveland Cavaliers,"
        "Dallas Mavericks, Denver Nuggets, Detroit Pistons, Golden State Warriors, Houston Rockets, Indiana Pacers,"
        "Los Angeles Clippers, Los Angeles Lakers, Memphis Grizzlies, Miami Heat, Milwaukee Bucks,"
        "Minnesota Timberwolves, New Orleans Pelicans, New York Knicks, Oklahoma City Thunder, Orlando Magic,"
        "Philadelphia 76ers, Phoenix Suns, Portland Trail Blazers, Sacramento Kings, San Antonio Spurs,"
        "Toronto Raptors, Utah Jazz, Washington Wizards"), 6, (0, 1, 3), 225.5),
    League("icehockey_nhl", "NHL", "Ice Hockey", _teams(
        "Anaheim Ducks, Boston Bruins, Buffalo Sabres, Calgary Flames, Carolina Hurricanes, Chicago Blackhawks,"
        "Colorado Avalanche, Dallas Stars, Detroit Red Wings, Edmonton Oilers, Florida Panthers, Los Angeles Kings,"
        "Minnesota Wild, Montreal Canadiens, Nashville Predators, New York Rangers"), 4, (0, 2), 6.0),
    League("baseball_mlb", "MLB", "Baseball", _teams(
        "Atlanta Braves, Baltimore Orioles, Boston Red Sox, Chicago Cubs, Cleveland Guardians, Detroit Tigers,"
        "Houston Astros, Los Angeles Dodgers, Milwaukee Brewers, New York Mets, New York Yankees,"
        "Philadelphia Phillies, San Diego Padres, Seattle Mariners, St. Louis Cardinals, Texas Rangers"),
        5, (17, 23), 8.5),
    League("americanfootball_ncaaf", "NCAAF", "American Football", _teams(
        "Alabama Crimson Tide, Clemson Tigers, Florida State Seminoles, Georgia Bulldogs, LSU Tigers,"
        "Michigan Wolverines, Notre Dame Fighting Irish, Ohio State Buckeyes, Oklahoma Sooners, Oregon Ducks,"
        "Penn State Nittany Lions, Texas Longhorns"), 6, (17, 20), 51.5, days=(5,)),
    League("soccer_epl", "EPL", "Soccer", _teams(
        "Arsenal, Aston Villa, Bournemouth, Brentford, Brighton and Hove Albion, Chelsea, Crystal Palace, Everton,"
        "Fulham, Leeds United, Liverpool, Manchester City, Manchester United, Newcastle United, Nottingham Forest,"
        "Sunderland, Tottenham Hotspur, West Ham United"), 5, (12, 15, 17), 2.5, draws=True, days=(2, 5, 6),
        american=False),
    League("basketball_ncaab", "NCAAB", "Basketball", _teams(
        "Arizona Wildcats, Auburn Tigers, Baylor Bears, Duke Blue Devils, Gonzaga Bulldogs, Houston Cougars,"
        "Kansas Jayhawks, Kentucky Wildcats, Marquette Golden Eagles, Michigan State Spartans,"
        "North Carolina Tar Heels, Purdue Boilermakers, Tennessee Volunteers, UConn Huskies,"
        "Villanova Wildcats, Virginia Cavaliers"), 4, (0, 2), 146.5),
    League("soccer_usa_mls", "MLS", "Soccer", _teams(
        "Atlanta United FC, Austin FC, Charlotte FC, Chicago Fire FC, Columbus Crew, FC Cincinnati, FC Dallas,"
        "Inter Miami CF, LA Galaxy, Los Angeles FC, Nashville SC, New York City FC, Orlando City SC,"
        "Philadelphia Union, Portland Timbers, Seattle Sounders FC"), 4, (0, 2), 2.5, draws=True, days=(2, 5)),
)  # fmt: skip

BOOKS = (
    ("draftkings", "DraftKings", 1.045),
    ("fanduel", "FanDuel", 1.045),
    ("betmgm", "BetMGM", 1.05),
    ("betrivers", "BetRivers", 1.055),
    ("williamhill_us", "Caesars", 1.05),
    ("bovada", "Bovada", 1.05),
    ("pinnacle", "Pinnacle", 1.025),
    ("betfair_ex_us", "Betfair", 1.015),
)
EXCHANGE = "betfair_ex_us"


@dataclass(frozen=True, slots=True)
class Game:
    """One game of the sandbox."""

    league: League
    id: str
    home: str
    away: str
    start: datetime
    home_chance: float  # probability in [0, 1], ties left out

    @property
    def end(self) -> datetime:
        """When it is over."""
        return self.start + timedelta(hours=GAME_HOURS)


def chance(*parts: object) -> float:
    """Return a number in [0, 1) that the parts alone decide."""
    digest = hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def games(league: League, seed: int, first: datetime, last: datetime) -> Iterator[Game]:
    """Yield the league's games that start in [first, last], in order of time."""
    day = first.replace(hour=0, minute=0, second=0, microsecond=0)
    while day <= last:
        if day.weekday() in league.days:
            found = list(_games_of_day(league, seed, day))
            yield from (
                game for game in sorted(found, key=lambda g: (g.start, g.id)) if first <= game.start <= last
            )
        day += timedelta(days=1)


def _games_of_day(league: League, seed: int, day: datetime) -> Iterator[Game]:
    order = sorted(league.teams, key=lambda team: chance(seed, day.date(), league.key, team))
    for number in range(min(league.games_a_day, len(order) // 2)):
        home, away = order[2 * number], order[2 * number + 1]
        start = day + timedelta(hours=league.hours[number % len(league.hours)], minutes=10 * (number % 3))
        identity = hashlib.blake2b(f"{seed}|{league.key}|{home}|{away}|{day.date()}".encode(), digest_size=16)
        gap = 1.6 * (chance(seed, home) - chance(seed, away)) + 0.22
        yield Game(league, identity.hexdigest(), home, away, start, 1 / (1 + math.exp(-gap)))


def upcoming(league: League, seed: int, now: datetime) -> list[Game]:
    """Return the games that run or start within a week."""
    return [
        game
        for game in games(league, seed, now - timedelta(hours=GAME_HOURS), now + timedelta(days=7))
        if game.end > now
    ]


def score(game: Game, now: datetime) -> tuple[int, int] | None:
    """Return (home, away) points so far; None before the start."""
    if now < game.start:
        return None
    share = min(1.0, (now - game.start) / timedelta(hours=GAME_HOURS))
    mean = game.league.total / 2
    lean = (game.home_chance - 0.5) * mean * 0.25
    finals = []
    for side, tilt in (("home", lean), ("away", -lean)):
        spread = math.sqrt(mean) * 1.2 * (chance(game.id, side) + chance(game.id, side, 2) - 1)
        finals.append(max(0, round(mean + tilt + spread)))
    if finals[0] == finals[1] and not game.league.draws:
        finals[0 if chance(game.id, "tie") < game.home_chance else 1] += 1
    return math.floor(finals[0] * share), math.floor(finals[1] * share)


def event(game: Game, now: datetime, *, american: bool, markets: set[str]) -> dict[str, Any]:
    """Return a game with its odds, as The Odds API v4 writes it."""
    return {
        "id": game.id,
        "sport_key": game.league.key,
        "sport_title": game.league.title,
        "commence_time": text(game.start),
        "home_team": game.home,
        "away_team": game.away,
        "bookmakers": [
            book
            for key, title, margin in BOOKS
            if (book := _book(game, now, key, title, margin, american, markets))
        ],
    }


def _book(
    game: Game, now: datetime, key: str, title: str, margin: float, american: bool, markets: set[str]
) -> dict[str, Any] | None:
    if chance(game.id, key, "absent") < 0.08:
        return None  # not every book quotes every game
    period = int(now.timestamp() // PRICE_PERIOD.total_seconds())
    # A slow wave and a little noise: prices move, mostly together, now and then.
    wave = 0.05 * math.sin(period / 45 + 6 * chance(game.id)) + 0.012 * (
        chance(game.id, key, period // 3) - 0.5
    )
    home = min(0.95, max(0.05, game.home_chance + wave))
    updated = datetime.fromtimestamp((period // 3) * 3 * PRICE_PERIOD.total_seconds(), UTC)
    made: list[dict[str, Any]] = []

    def market(name: str, outcomes: Sequence[tuple[str, float, float | None]], vig: float = margin) -> None:
        listed = [
            {"name": label, "price": _price(probability * vig, american)}
            | ({} if point is None else {"point": point})
            for label, probability, point in outcomes
        ]
        made.append({"key": name, "last_update": text(updated), "outcomes": listed})

    if "h2h" in markets:
        draw = _draw(game, home)
        sides: list[tuple[str, float, float | None]] = [
            (game.home, home * (1 - draw), None),
            (game.away, (1 - home) * (1 - draw), None),
        ]
        if game.league.draws:
            sides.append(("Draw", draw, None))
        market("h2h", sides)
        if key == EXCHANGE:
            market("h2h_lay", sides, vig=0.985)
    if key != EXCHANGE:
        if "spreads" in markets and chance(game.id, key, "spreads") > 0.06:
            line, lean = _spread(game, home)
            market("spreads", [(game.home, lean, line), (game.away, 1 - lean, -line if line else 0.0)])
        if "totals" in markets and chance(game.id, key, "totals") > 0.06:
            over = 0.5 + 0.04 * math.sin(period / 60 + 3 * chance(game.id, "total"))
            market("totals", [("Over", over, game.league.total), ("Under", 1 - over, game.league.total)])
    return {"key": key, "title": title, "last_update": text(updated), "markets": made}


def _spread(game: Game, home: float) -> tuple[float, float]:
    """Return the home team's line, which stands, and its chance to cover, which says the same game as who wins does."""
    if game.league.draws:
        draw = _draw(game, home)
        line = -0.5 if game.home_chance > 0.57 else 0.5 if game.home_chance < 0.43 else 0.0
        return line, {-0.5: home * (1 - draw), 0.0: home, 0.5: home * (1 - draw) + draw}[line]
    deviation = _DEVIATIONS[game.league.group]
    expected = deviation * _NORMAL.inv_cdf(game.home_chance)
    fixed = -1.5 if expected >= 0 else 1.5  # of runs and goals, whose price tells
    line = fixed if deviation < 5 else round(-expected * 2) / 2
    return line, _NORMAL.cdf(_NORMAL.inv_cdf(home) + line / deviation)


def _draw(game: Game, home: float) -> float:
    return 0.26 * (1 - abs(2 * home - 1)) if game.league.draws else 0.0


def _price(probability: float, american: bool) -> float:
    decimal = max(1.01, 1 / max(0.01, min(0.985, probability)))
    if not american:
        return round(decimal, 2)
    return round((decimal - 1) * 100) if decimal >= 2 else -round(100 / (decimal - 1))


def injuries(league: League, seed: int, now: datetime) -> dict[str, Any]:
    """Return the league's injury report, as ESPN writes it; it changes from day to day."""
    day = now.date()
    teams = []
    for team in league.teams:
        listed = []
        for number in range(20):
            began = chance(seed, team, number, "began")
            age = (day.toordinal() + int(began * 40)) % 40
            if chance(seed, team, number) > 0.35 or age > 12:
                continue
            status = "Out" if age < 6 else "Questionable"
            reported = datetime(day.year, day.month, day.day, 15, tzinfo=UTC) - timedelta(days=age)
            listed.append({
                "status": status,
                "date": text(reported),
                "type": {"description": status.lower()},
                "athlete": {"displayName": player(team, number), "position": {"abbreviation": position(number)}},
                "details": {"type": ("Knee", "Ankle", "Hamstring", "Illness")[number % 4], "detail": "Not Specified"},
            })  # fmt: skip
        teams.append({"displayName": team, "injuries": listed})
    return {"timestamp": text(now), "injuries": teams}


_FIRST = ("Alex", "Ben", "Chris", "Dan", "Eli", "Frank", "Gus", "Hank", "Ivan", "Jay")
_LAST = ("Archer", "Brooks", "Carter", "Dixon", "Ellis", "Foster", "Grant", "Hayes", "Irving", "Jones")


def player(team: str, number: int) -> str:
    """Return an invented name."""
    return f"{_FIRST[int(chance(team, number) * 10)]} {_LAST[int(chance(number, team) * 10)]} {'I' * (number % 3 + 1)}"


def position(number: int) -> str:
    """Return an invented position."""
    return ("G", "F", "C", "D", "W")[number % 5]


def text(moment: datetime) -> str:
    """Return a moment as the upstreams write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""What a message asks: its topics, the teams and games it means, and when."""

# ruff: noqa: E501 - a row of the table reads better whole

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from quartapp.bot.asked import MESSAGE_LETTERS
from quartapp.bot.care import Care, care
from quartapp.bot.catalogue import Athlete, Catalogue, Listed, Team
from quartapp.bot.parlay_asked import AskedLeg, legs_of
from quartapp.bot.wish import Wish, wish_of
from quartapp.bot.wording import english, straight

Topic = Literal[
    "help", "age", "rules", "glossary", "record", "picks", "parlay", "injuries", "movement", "spread", "total", "price",
    "chance", "score", "form", "schedule", "status", "sports", "books", "able", "game", "line", "own", "odds", "stranger", "priced", "closing", "hold",
]  # fmt: skip
GAMES_NAMED = 3

_TOPICS: tuple[tuple[Topic, str], ...] = (
    (
        "help",
        r"\bhelp\s?lines?\b|\bhot\s?line|\bgambl\w+ (?:help|support)|\bresponsible\b|\bself[- ]exclu|\bgamblers? anonymous|\bget(?:ting)? help\b"
        r"|\btake a break\b|\bset (?:a )?limits?\b|\bwho can i talk to",
    ),
    (
        "age",
        r"\b(?:legal|lawful|minimum|min)\s+(?:betting\s+|gambling\s+)?age\b|\bhow old\b(?! (?:are|is) (?:the|your|these|this))|\bold enough\b|\bunder ?age\b|\bage limit\b",
    ),
    (
        "rules",
        r"\brules?\b|\bpenalt\w*\b|\bmin(?:imum)?\b.*\b(?:minutes|innings|play)\b|\bhow many (?:innings|minutes)\b|\bto count\b|\bcounts?\b|\bscore\b.*\bcorrect|\bcorrect\w*\b.*\bscore|\brefund\w*\b|\bpush(?:es|ed)?\b|\bvoid(?:ed)?\b|\bpostponed?\b|\bcancell?ed\b|\bovertime\b|\bextra (?:time|innings)\b|\bsettled?\b"
        r"|\bsettlement\b|\bgraded?\b|\babandoned\b|\bsuspended\b|\bshoot-?outs?\b|\bhalf[- ](?:won|win|lost|loss)\b|\bquarter (?:line|handicap|ball)"
        r"|\bdead heat\b|\btie(?:s|d)?\b|\bdrops? out\b|\brained? out\b|\brainout\b|\bno contest\b|\bcorrected\b",
    ),
    (
        "glossary",
        r"\bwhat(?:'s| is| are| does| do)\b.*\b(?:hold|vig|juice|edge|expected value|ev|moneyline|money line|spread|handicap|total|over/under|kelly|consensus"
        r"|closing line value|clv|no-vig|implied probability|american odds|decimal odds|fractional|parlay|accumulator|same[- ]game|arbitrage|roi)\b(?:\s+(?:mean|bet|bets|odds))?\s*\??$"
        r"|\bexplain\b|\bhow (?:do|can|should) (?:i|you|we) read\b|\bmeaning of\b|\bdefine\b|\bhow do (?:american|decimal|fractional|parlay)|\bhow (?:is|are) .*\b(?:calculated|worked out|measured)\b",
    ),
    (
        "odds",
        r"\bconvert\w*\b|\bimplied prob\w* of\b|\bwhat(?:'s| is| does| do| are)?\s+(?:odds (?:of|like)\s+)?[+-]\d{3,}|\bin (?:decimal|american|fractional)\b|\b(?:decimal|american|fractional) (?:of|for) [+-]?\d",
    ),
    ("closing", r"\bclosing (?:line|odds|price|number|spread|total)s?\b(?! value)|\bclosed? at\b"),
    ("hold", r"\bhold\b|\bvig\b|\bjuice\b|\bmargin\b|\boverround\b"),
    (
        "own",
        r"\bmy\b(?:\s+\w+){0,2}\s+(?:parlays?|bets?|tickets?|slips?|record|history|results?|account|winnings)\b",
    ),
    (
        "record",
        r"\bhow (?:did|do|have|are|were)\b.*\bpicks?\b|\bpicks?\b.*\b(?:done|doing|perform\w*|record|accura\w*|so far|hit|win|won|lose|lost)\b|\btrack record\b|\brecord\b(?! (?:high|low))|\bhow (?:good|accurate|reliable|well) (?:are|is|have|do|did)\b|\broi\b|\bhit rate\b|\bwin rate\b|\byour (?:results|performance|accuracy)\b"
        r"|\blog loss\b|\bbrier\b|\bcalibrat\w+|\bclosing line value\b|\bclv\b|\bprofitable\b|\bmade money\b",
    ),
    ("picks", r"\bpicks?\b|\btips?\b(?!-|\s*off)|\bvalue today\b|\btoday'?s value\b"),
    (
        "parlay",
        r"\bparlays?\b|\baccumulators?\b|\baccas?\b|\bsame[- ]game\b|\bsgp\b|\blegs?\b|\bsuggest\w*\b|\bteaser\b",
    ),
    (
        "injuries",
        r"\binjur\w*|\bhurt\b|\bquestionable\b|\bdoubtful\b|\bsidelined\b|\blineups?\b|\bwho(?:'s| is) out\b|\bout for\b|\bhealthy\b|\bmissing\b|\bavailab\w+|\bfit to play\b|\bwho(?:'s| is) playing for\b",
    ),
    (
        "movement",
        r"\bmov(?:e|ed|es|ing|ement)\b|\bopen(?:ed|er|ing)\b|\bdrift\w*|\bshift\w*|\bsteam\w*|\bline history\b|\bchanged?\b",
    ),
    (
        "spread",
        r"\bspreads?\b|\bhandicaps?\b|\blines?\b|\bats\b|\bgetting\b|\bpoints?\b.*\bget\b|\bgiving\b|\blaying\b|\bpoints? (?:favou?rite|underdog|dog)|\bpuck ?line\b|\brun ?line\b|\bcover\b",
    ),
    (
        "total",
        r"\btotals?\b|\bover[ /-]?under\b|\bo/u\b|\bovers?\b|\bunders?\b|\bhow many (?:points|goals|runs)\b(?!.*\b(?:get|getting|giving|laying|lay)\b)",
    ),
    (
        "price",
        r"\bodds\b|\bprices?\b|\bpriced\b|\bmoney ?lines?\b|\bml\b|\bquot\w+|\bpay(?:s|ing|out)?\b|\bbest (?:book|place|number)\b|\bwhich (?:book|sportsbook|bookie)\w*\b|\bdecimal\b|\bamerican\b"
        r"|\bhold\b|\bvig\b|\bjuice\b|\bedge\b|\bexpected value\b|\bshop\w*\b|\boffer\w*",
    ),
    (
        "chance",
        r"\bchances?\b|\bprobabilit\w+|\blikely\b|\blikelihood\b|\bwho(?:'s| is| will| wins?| would| gets?| do you)\b.*\b(?:win|wins|winning|favou?red|favou?rites?|beat|take)\b|\bwho wins\b|\bfavou?rites?\b|\bunderdogs?\b|\bfavou?red\b"
        r"|\bpredict\w*|\bforecast\b|\bpercent\w*|\bwill (?:the )?.+ (?:win|beat)\b|\bimplied\b|\bconsensus\b|\bfair\b",
    ),
    (
        "score",
        r"\bscores?\b|\bresults?\b|\bfinal\b|\bwho won\b|\bdid .+ (?:win|lose|beat)\b|\bwinning\?|\bleading\b|\bahead\b|\bhow did\b|\bended\b",
    ),
    ("form", r"\bform\b|\brecently\b|\blast (?:\w+ )?games\b|\bstreak\b|\blately\b"),
    (
        "schedule",
        r"\bwhen\b|\bwhat time\b|\bschedule\w*\b|\bfixtures?\b|\bnext\b|\btoday\b|\btonight\b|\btomorrow\b|\bthis week(?:end)?\b|\bupcoming\b|\bkick ?off\b|\btip-?off\b|\bstarts?\b|\bgames? (?:on|are)\b|\bwho (?:do|does|are|is) .+ play\w*\b|\bwho plays\b|\bplay(?:s|ing)? (?:next|today|tonight|tomorrow)\b"
        r"|\bwhich games\b|\bwhat games\b|\blist .*games\b|\bany games\b|\bgames\b|\bwhere\b",
    ),
    (
        "status",
        r"\bwhat data\b|\bdata do you\b|\bhow (?:fresh|old|recent|up[- ]to[- ]date)\b|\bup[- ]to[- ]date\b|\blast updated?\b|\bupdated\b|\bstale\b|\bdown\b|\bworking\b|\bsource of\b|\bwhere .* (?:data|numbers|odds) come\b|\bdata source\b|\blive data\b|\bsandbox\b",
    ),
    (
        "sports",
        r"\b(?:which|what|list|all) (?:\w+ )?(?:sports|leagues)\b|\bdo you (?:cover|have|know) (?:the )?(?:nfl|nba|nhl|mlb|epl|soccer|football|tennis|golf|cricket)\b|\bin season\b|\boff-?season\b|\bsports (?:do|are)\b",
    ),
    (
        "books",
        r"\b(?:which|what|list|how many|all) (?:\w+ )?(?:books|bookmakers|bookies|sportsbooks)\b|\bbooks do you\b",
    ),
    (
        "able",
        r"\bwhat can (?:you|i)\b|\bwhat do you (?:do|know)\b|\bhow do(?:es)? (?:you|this|it) work\b|\bwho are you\b|^\s*(?:hi|hello|hey|help|yo|hola|start|thanks|thank you)\W*$|\bare you (?:an? )?(?:real )?(?:bot|ai|human|robot|person|machine)\b|\bhow can you help\b",
    ),
)
_COMPILED = tuple((topic, re.compile(pattern, re.IGNORECASE)) for topic, pattern in _TOPICS)
_POINT = re.compile(r"(?<![\w.])[+-]\d{1,2}(?:\.\d+)?(?![\d.%:/]\d|\d|%)")
_SIDE = re.compile(r"\b(?P<side>over|under|o|u)\s?(?P<point>\d{1,3}(?:\.\d+)?)\b", re.IGNORECASE)
_ABOUT_BETS = re.compile(
    r"\bwhat (?:happens|if)\b|\bif\b|\brules?\b|\bcounts?\b|\bsettle|\bgraded?\b|\brefund|\b(?:bets?|tickets?|wagers?|legs?)\b",
    re.IGNORECASE,
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FOR_A_GAME: frozenset[Topic] = frozenset(
    (
        "closing",
        "hold",
        "injuries",
        "movement",
        "spread",
        "total",
        "price",
        "chance",
        "score",
        "form",
        "schedule",
        "game",
    )
)
_GENERAL: frozenset[Topic] = frozenset(
    ("help", "age", "rules", "glossary", "record", "picks", "parlay", "own", "odds")
)


class Line(NamedTuple):
    """A line that is asked about: of a market, an outcome, and its point from the outcome's side."""

    market: Literal["spreads", "totals"]
    outcome: str
    point: float


@dataclass(frozen=True, slots=True)
class Question:
    """A message, understood as far as it can be."""

    message: str
    care: Care | None
    topics: tuple[Topic, ...]
    games: tuple[Listed, ...] = ()
    teams: tuple[Team, ...] = ()
    unclear: tuple[Team, ...] = ()
    sport: str | None = None
    book: str | None = None
    day: datetime | None = None
    line: Line | None = None
    athletes: tuple[Athlete, ...] = ()
    strangers: frozenset[str] = frozenset()
    books: tuple[str, ...] = ()
    legs: tuple[AskedLeg, ...] = ()
    wish: Wish | None = None


def understand(
    message: str, catalogue: Catalogue, now: datetime, *, sport: str | None = None, game_id: str | None = None
) -> Question:
    """Return what `message` asks. `sport` and `game_id` are what its sender is looking at."""
    message = straight(message)[:MESSAGE_LETTERS]
    need = care(message)
    message = english(message)
    found = catalogue.find(message, sport)
    topics = [topic for topic, pattern in _COMPILED if pattern.search(message)]
    games = _games(catalogue, found.teams, now)
    if "rules" in topics and _ABOUT_BETS.search(message):
        games = []  # how a bet is settled does not hang on the game that is named with it
    elif not games and not found.unclear and game_id in catalogue.by_id:
        games = [catalogue.by_id[game_id]]
    line = _line(message, catalogue, games) if games else None
    athletes = () if games or found.unclear else tuple(catalogue.athletes_in(message))[:GAMES_NAMED]
    legs = legs_of(message, catalogue) if games else ()
    wish = None if games or found.unclear or "rules" in topics or "own" in topics else wish_of(message)
    if legs:
        topics = ["priced"]
    elif wish is not None:
        topics = ["parlay"]
    elif games:
        topics = _about_games(topics, message, line)
    elif found.unclear and not any(topic in _GENERAL for topic in topics):
        topics = topics or ["game"]
    elif "team" in found.strangers and not any(topic in _GENERAL - {"parlay"} for topic in topics):
        topics = ["stranger"]
    elif found.book is not None and not topics:
        topics = ["books"]
    elif found.sport is not None and not topics:
        topics = ["schedule"]
    return Question(
        message, need, tuple(topics if games else _sorted(topics, message)), tuple(games), found.teams, found.unclear, found.sport, found.book,
        _day(message, now), line, athletes, found.strangers, found.books, legs, wish,
    )  # fmt: skip


def _about_games(topics: list[Topic], message: str, line: Line | None) -> list[Topic]:
    """Return what is asked about games that are named: a general topic only where nothing of a game is asked."""
    if line is not None and "parlay" not in topics and "movement" not in topics:
        return ["line"]
    general = (
        _GENERAL - {"parlay", "picks"}
        if any(topic in _FOR_A_GAME for topic in topics)
        else frozenset({"odds", "own"})
    )
    topics = [topic for topic in topics if topic not in general] or ["game"]
    if "closing" in topics:
        return ["closing"]
    if "hold" in topics and not any(topic in topics for topic in ("spread", "total")):
        return ["hold"]
    if (
        "spread" in topics
        and re.search(r"\bmoney ?lines?\b", message, re.IGNORECASE)
        and "spread" not in message.casefold()
    ):
        topics.remove("spread")
    return topics


def _line(message: str, catalogue: Catalogue, games: list[Listed]) -> Line | None:
    """Return the line that a message asks about, in the first of the games."""
    side = _SIDE.search(message)
    if side is not None:
        return Line("totals", "Over" if side["side"][0] in "oO" else "Under", float(side["point"]))
    point = _POINT.search(message)
    if point is None:
        return None
    teams = catalogue.find(message[: point.start()]).teams or catalogue.find(message).teams
    named = [team.name for team in teams if team.name in (games[0].home, games[0].away)]
    return Line("spreads", named[-1], float(point.group())) if named else None


def _sorted(topics: list[Topic], message: str) -> list[Topic]:
    """Return the topics with what is explained first; "when" and the like only where nothing else is asked."""
    if "rules" in topics:
        return ["rules"]
    if "own" in topics or "odds" in topics:
        return ["own" if "own" in topics else "odds"]
    if "record" in topics and "picks" in topics:
        return ["record"]
    if "status" in topics and re.search(
        r"\bhow (?:old|fresh|recent) (?:are|is)\b|\bupdated?\b|\bstale\b", message, re.IGNORECASE
    ):
        return ["status"]
    if "sports" in topics or "books" in topics:
        return [topic for topic in topics if topic in ("sports", "books")]
    if "record" in topics and re.search(r"\byour?\b", message, re.IGNORECASE):
        return ["record"]
    if "glossary" in topics and "rules" not in topics:
        return ["glossary"]
    telling = [
        topic
        for topic in topics
        if topic not in ("hold", "closing", "schedule", "able", "books", "sports", "status", "form")
    ]
    if "glossary" in telling and "rules" in telling:
        telling.remove("glossary")
    return telling or topics


def _games(catalogue: Catalogue, teams: tuple[Team, ...], now: datetime) -> list[Listed]:
    """Return the games that are meant: of two teams against each other, else each team's next or running one."""
    chosen: list[Listed] = []
    for team in teams:
        own = catalogue.of_team(team)
        together = [game for game in own if all(other.name in (game.home, game.away) for other in teams)]
        candidates = (together if len(teams) > 1 else own) or own
        open_ones = [game for game in candidates if game.status in ("scheduled", "live")]
        nearest = (open_ones or candidates[-1:])[:1]
        chosen += [game for game in nearest if game not in chosen]
    return chosen[:GAMES_NAMED]


def _day(message: str, now: datetime) -> datetime | None:
    text = message.casefold()
    if re.search(r"\btoday\b|\btonight\b", text):
        return now
    if "tomorrow" in text:
        return now + timedelta(days=1)
    for number, day in enumerate(_DAYS):
        if re.search(rf"\b{day}\b", text):
            return now + timedelta(days=(number - now.weekday()) % 7)
    written = re.search(r"\b(\d{4}-\d{2}-\d{2})\b", text)
    if written:
        try:
            return datetime.fromisoformat(written.group()).replace(tzinfo=now.tzinfo)
        except ValueError:
            return None
    return None

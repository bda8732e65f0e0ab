"""Addresses of documents: how one is written, read, and told from a request's target. No other room knows one.

A document's key is its address in the one canonical form: the path decoded, the query's parameters sorted and
encoded. Many targets of requests mean one key.
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import itemgetter
from urllib.parse import parse_qsl, urlencode

import orjson

from quartapp.documents.held import Description

SPORTS = "/api/sports"
GAMES = "/api/games"
FIRST_PAGES = "/api/games?sport="  # what the first page of each sport begins with
ANALYSES_OF = "/api/analysis?sport="
STATUS = "/api/status"
SUGGEST = "/api/parlays/suggest"
PRICED = "/api/parlays/priced"
PICKS = "/api/picks"
RULES = "/api/rules"
OF_GAMES = _GAME, _ANALYSIS = "/api/game/", "/api/analysis/"  # each followed by a game's id
_ANALYSES = "/api/analysis"
_HELP = "/api/help"
_TRACK_RECORD = "/api/track-record"
# A query that is written as a key's is, but for the order: nearly every one, and read in a fraction of the time.
_PLAIN_QUERY = re.compile(rb"[\w.~-]+=[\w.~-]+(?:&[\w.~-]+=[\w.~-]+)*")


def games(sport: str | None = None, cursor: str | None = None) -> str:
    """Return the key of a page of games, the first one without `cursor`.

    >>> games("nfl", "bmV4dA"), games("x&status=live")
    ('/api/games?cursor=bmV4dA&sport=nfl', '/api/games?sport=x%26status%3Dlive')
    """
    return _with(GAMES, {"cursor": cursor, "sport": sport})


def game(game_id: str) -> str:
    """Return the key of a game."""
    return _GAME + game_id


@lru_cache(maxsize=256)
def analyses(sport: str) -> str:
    """Return the key of a sport's analyses."""
    return _with(_ANALYSES, {"sport": sport})


def analysis(game_id: str) -> str:
    """Return the key of a game's analysis."""
    return _ANALYSIS + game_id


def help_of(region: str | None) -> str:
    """Return the key of a region's help; of every region's without one."""
    return _with(_HELP, {"region": region})


def is_help(key: str) -> bool:
    """Return whether a key is one of help."""
    return key.partition("?")[0] == _HELP


def track_record(sport: str | None = None) -> str:
    """Return the key of a sport's track record; of every sport's without one."""
    return _with(_TRACK_RECORD, {"sport": sport})


def sport_of(key: str) -> str | None:
    """Return the sport of a list of one sport's games or analyses.

    >>> sport_of("/api/games?cursor=bmV4dA&sport=nfl"), sport_of("/api/sports"), sport_of("/api/track-record?sport=nfl")
    ('nfl', None, None)
    """
    if key.partition("?")[0] not in (GAMES, _ANALYSES):
        return None
    return dict(parse_qsl(key.partition("?")[2])).get("sport")


def path_of(target: str) -> str:
    """Return the path that a request's target means: an absolute one and doubled first slashes mean the same.

    >>> path_of("//api/games"), path_of("http://api.example/api/games"), path_of("/api/games")
    ('/api/games', '/api/games', '/api/games')
    """
    scheme, separator, rest = target.partition("://")
    if separator and scheme.lower() in ("http", "https"):
        target = "/" + rest.partition("/")[2]
    return "/" + target.lstrip("/") if target.startswith("//") else target


def key_of(path: str, query: bytes) -> str:
    """Return the key that a target asks for.

    >>> key_of("//api/games", b"sport=nfl&cursor=x")
    '/api/games?cursor=x&sport=nfl'
    """
    path = path_of(path).replace("?", "%3F")  # an encoded one begins no query
    # In order of name alone: of a repeated parameter the values keep their order, and stay two.
    pairs = sorted(parameters_of(query), key=itemgetter(0))
    if _PLAIN_QUERY.fullmatch(query):
        return f"{path}?{'&'.join([f'{name}={value}' for name, value in pairs])}"
    return f"{path}?{urlencode(pairs)}" if pairs else path


def parameters_of(query: bytes) -> list[tuple[str, str]]:
    """Return a query's parameters.

    >>> parameters_of(b"sport=nfl&name=a%26b&x=")
    [('sport', 'nfl'), ('name', 'a&b'), ('x', '')]
    """
    if _PLAIN_QUERY.fullmatch(query):
        return [
            (name, value) for name, _, value in [part.partition("=") for part in query.decode().split("&")]
        ]
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True)


def route_of(key: str) -> str:
    """Return the route that serves a key, for metrics: a game's id must not become a label."""
    path = key.partition("?")[0]
    if path.startswith(_GAME):
        return _GAME + "<game_id>"
    return _ANALYSIS + "<game_id>" if path.startswith(_ANALYSIS) else path


def describe(key: str, body: bytes) -> Description:
    """Return what a web process wants to know of a document beside its body."""
    return Description(route_of(key), link_of(key, body), alone=key == STATUS)


def link_of(key: str, body: bytes) -> str | None:
    """Return the Link header of a published page of games that another follows."""
    if key.partition("?")[0] != GAMES:
        return None
    page = orjson.loads(body)
    return next_link(games(page.get("sport")), page["next"]) if page.get("next") else None


def next_link(key: str, cursor: str) -> str:
    """Return the Link header to the page after the one under `key`.

    >>> next_link("/api/games?cursor=a&sport=nfl", "b")
    '</api/games?cursor=b&sport=nfl>; rel="next"'
    """
    path, _, query = key.partition("?")
    return f'<{_with(path, {**dict(parse_qsl(query)), "cursor": cursor})}>; rel="next"'


def _with(path: str, parameters: dict[str, str | None]) -> str:
    pairs = sorted((name, value) for name, value in parameters.items() if value is not None)
    return f"{path}?{urlencode(pairs)}" if pairs else path

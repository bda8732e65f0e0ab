"""What a figure is said to be: a price, a chance, an edge, a hold, a line, a score, a time; and of which market."""

# ruff: noqa: E501 - a pattern reads better whole

from __future__ import annotations

import re

from quartapp.bot.facts import Fact
from quartapp.bot.lexicon import MONTHS
from quartapp.bot.numerals import Numeral
from quartapp.bot.sides import market_of

_KINDS = re.compile(
    r"""
      \b(?P<implied>impl\w+(?:\s+win)?(?:\s+(?:probabilit\w+|chances?))?)\b
    | \b(?P<probability>probabilit\w+|chances?|likely|of\s+the\s+time|percent\w*|wins|win(?=\s+\d)|winning(?!\s+\d+-\d)|consensus(?!\s+(?:total|spread|line|winner)))\b
    | \b(?P<edge>edges?|average\s+(?:return|edge)s?)\b | \b(?P<hold>hold|vig|margin|overround)\b
    | \b(?P<price>price[sd]?|odds|pays?|paying|quot\w+|costs?|moneylines?|decimal|american|fractional)\b
    | \b(?P<line>(?:spreads?|lines?|handicaps?|totals?)(?!\s+(?:market|price|edge|odds|probabilit|hold))|favou?red\s+by|favou?rites?\s+by|points?)\b
    | \b(?P<given>(?:giving|gives|laying|lays|getting|gets|receiving)\s+(?=[+-]?\d|$))
    | \b(?P<side>(?:over|under)(?!\s+(?:the\s+)?\u00a4))\b | \b(?P<score>score|won|lost|beat|defeated|leads?|leading|ahead|trails?|trailing|behind)\b
    | \b(?P<time>starts?|starting|begins|kick-?off|tip-?off|kicks\s+off|tips\s+off|scheduled|set\s+for|utc)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)  # fmt: skip
_PERCENTS = ("probability", "implied", "edge", "hold")
_NEXT = re.compile(r"[,;:(]|\b(?:and|while|whereas|but|with|at)\b", re.IGNORECASE)
NEXT_LETTERS = 16
_MARKETS = re.compile(
    r"""
      \b(?P<total>totals?|(?:over|under)(?!\s+(?:the\s+)?\u00a4))\b
    | \b(?P<spread>spreads?|handicaps?|lines?\s+of|favou?red\s+by|favou?rites?\s+by|[+-]?[\d.]+[ -]points?\s+(?:favou?rites?|underdogs?))\b
    | \b(?P<given>(?:giving|gives|laying|lays|getting|gets|receiving)\s+(?=[+-]?\d|$))
    | \b(?P<winner>winners?|moneylines?|to\s+win|wins?|winning|outright|beating|head[- ]to[- ]head)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)  # fmt: skip
_MOVED = re.compile(r"\bopen\w*\b|\b(?:now|current|currently|stands?)\b", re.IGNORECASE)
_BOOKS_BEHIND = re.compile(r"\s+(?:book|bookmaker|sportsbook)s?\b", re.IGNORECASE)
_BOOKS_BEFORE = re.compile(r"\bbooks in the consensus (?:is|are)\s+$", re.IGNORECASE)
_TWO_MARKETS = re.compile(
    r"\b(?:spreads?|handicaps?|totals?|moneylines?|winner|over|under)\s+(?:spreads?|handicaps?|totals?|moneylines?|winner)\b",
    re.IGNORECASE,
)
_OTHER_FORMAT = {
    "+": re.compile(r"[+-][\d.]+\s+(?:in\s+)?(?:decimal|fractional)\b", re.IGNORECASE),
    "": re.compile(r"[\d./]+\s+(?:in\s+)?american\b", re.IGNORECASE),
}
_HAVING = re.compile(r"\u00a4\s+ha(?:ve|s)\s+$", re.IGNORECASE)
_ATTACHED = re.compile(r"(?<!\bof )(?<!\bof the )\u00a4\s+\(?$")
_MARKET_WORD = re.compile(r"spreads?|lines?|handicaps?|totals?|moneylines?", re.IGNORECASE)
_ON_THE = re.compile(r"\b(?:on|of|for|in)\s+(?:the\s+)?$", re.IGNORECASE)
_APART = re.compile(r"[,;:(]|\b(?:and|while|whereas|but|with)\b", re.IGNORECASE)
_PRICED = re.compile(r"(?<!that )\b(?:prices?|priced|moneylines?|pays?)\b", re.IGNORECASE)
_BY = re.compile(r"\bby\s+(?:about\s+|around\s+|roughly\s+)?$", re.IGNORECASE)
_POINTS = re.compile(r"[\s-]*(?:points?|goals|runs)\b", re.IGNORECASE)
_AS_LINE = re.compile(
    r"\b(?:spreads?|lines?|handicaps?|totals?)(?:\s+(?:is|are|of|at|for)\b|:)[^;()\d]*$|\b(?:by|laying|lays|giving|gives|getting|gets)\s+$",
    re.IGNORECASE,
)
_STARTS = re.compile(
    r"\b(?:starts?|starting|begins|kick-?off|tip-?off|scheduled|set\s+for|plays?|playing|faces?|facing|meets?|hosts?|hosting|"
    r"visits?|visiting|travels?|against|versus|vs|v)|\b(?:kicks|tips)\s+off\b",
    re.IGNORECASE,
)
_LINED = re.compile(
    r"(?<!\d)[+-]\d{1,2}(?:\.\d+)?(?:,|:|\s|\(|\bat\b|\bare\b|\bis\b|\bpays?\b|\bha(?:ve|s)\b|\bpriced\b|\ban?\b|\bprice of\b)*$",
    re.IGNORECASE,
)
_SIDE = re.compile(r"\b(?:over|under)\s+$", re.IGNORECASE)
_OPEN = re.compile(r"\bopen\w*\b", re.IGNORECASE)
_BEST = re.compile(r"\b(?:best|highest)\b", re.IGNORECASE)
_RANGE_BEFORE = re.compile(r"\d-$")
_RANGE_BEHIND = re.compile(r"-\d")
_NEEDS = re.compile(
    r"\b(?:probabilit\w+|chances?|impl\w+|edges?|hold|vig|margin|price[sd]?|odds|lines?|spreads?|handicaps?|totals?|scores?|moneylines?|best|"
    r"highest|kick-?off|tip-?off|starts?|starting|begins|scheduled|opened|opening|opens|pays?|quot\w+)\b|\b(?:kicks|tips)\s+off\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    rf"\b(?:(?:{'|'.join(MONTHS)})\s+\d{{1,2}}(?:,?\s+\d{{4}})?|\d{{1,2}}\s+(?:{'|'.join(MONTHS)})(?:,?\s+\d{{4}})?)\b",
    re.IGNORECASE,
)


def needs_figure(text: str) -> str | None:
    """Return a claim about a figure or a time in a sentence that says none."""
    found = _NEEDS.search(text)
    return f"the claim {found.group()} without a figure" if found and not re.search(r"\d", text) else None


def is_in_range(text: str, numeral: Numeral, fact: Fact) -> bool:
    """Return whether a figure is one of "27-24", of which each is another team's score."""
    return "/scores/" in fact.path and _ranged(text, numeral)


def is_of_kind(text: str, numeral: Numeral, fact: Fact) -> bool:
    """Return whether a figure is said to be what it is."""
    if _ranged(text, numeral) and "/scores/" not in fact.path and numeral.value is not None:
        return any(start <= numeral.start < end for start, end in _spans(_DATE, text)) and fact.kind == "time"
    if fact.kind == "time":
        return _is_of_start(text, numeral) and _is_time(text, numeral)
    if fact.path.endswith("/books"):
        return _is_of_books(text, numeral)
    if "/scores/" in fact.path and not _ranged(text, numeral) and _BY.search(text[: numeral.start]):
        return False  # by how much somebody leads is a difference, and not in a score
    own = _own(numeral, fact)
    said = _said(text, numeral)
    if not own or not _is_of_moment(text, numeral, fact):
        return False
    if said is None:
        return own & {"price", "probability", "score"} != set() or (
            fact.kind == "point" and _is_signed(numeral)
        )
    if "price" in own and not _is_signed(numeral) and _SIDE.search(text[: numeral.start]):
        return False  # "Over 1.84 is 2.5"
    if "price" in own and _OTHER_FORMAT["+" if _is_signed(numeral) else ""].match(text[numeral.start :]):
        return False
    if "price" in own and _is_said_as_line(text, numeral):
        return False
    if "price" in own and said in ("line", "side"):
        return True
    if "line" in own and _is_signed(numeral) and fact.names:
        head = text[: numeral.start]
        is_line = said in (None, "line") and _HAVING.search(head) is None
        return is_line or _ATTACHED.search(head) is not None
    if "line" in own and said == "side":
        return _SIDE.search(text[: numeral.start]) is not None
    if said == "implied" and "probability" in own:
        return re.search(r"\bconsensus\b", text[: numeral.start], re.IGNORECASE) is not None
    return said in own


def _is_said_as_line(text: str, numeral: Numeral) -> bool:
    """Return whether a price is said where a line is: "favored by", "the spread is", or in points."""
    before = _AS_LINE.search(text[: numeral.start])
    said = text[: numeral.start] if before and ":" in before.group() else before.group() if before else ""
    if before is not None and not any(one.lastgroup == "price" for one in _KINDS.finditer(said)):
        return True
    return _POINTS.match(text[numeral.start + len(numeral.text) :]) is not None


def is_in_market(text: str, numeral: Numeral, fact: Fact) -> bool:
    """Return whether a figure of a total or a spread is said as one, and one of the winner as neither."""
    market = market_of(fact)
    if market is None:
        return True
    if _TWO_MARKETS.search(text):
        return False
    end = numeral.start + len(numeral.text)
    part_end = _APART.search(text, end)
    in_part = _MARKETS.finditer(text, end, part_end.start() if part_end else len(text))
    if any(_market(one) != market for one in in_part):
        return False  # "a 55.7% chance of beating the spread"
    behind = _MARKETS.match(text[end:].lstrip(" %()"))
    if behind is not None:
        return _market(behind) == market
    before = [_market(one) for one in _MARKETS.finditer(text[: numeral.start])][-1:]
    clause_end = _NEXT.search(text, end)
    later = _MARKETS.search(text, end, clause_end.start() if clause_end else len(text))
    said = before[0] if before else _market(later) if later else None
    if market == "spread":
        after_line = _LINED.search(text[: numeral.start])
        is_line = fact.kind == "point" and _is_signed(numeral) and bool(fact.names)
        if said == "total" and is_line:  # "the total is 44.5 and the Chiefs are -1"
            said = None if _APART.search(text[_last(_MARKETS, text, numeral.start) : numeral.start]) else said
        return said == "spread" or (said is None and (is_line or after_line is not None))
    if market == "winner" and _LINED.search(text[: numeral.start]):
        return False  # "the Chiefs -1 are -129"
    return said == market or (market == "winner" and said is None)


def is_best(text: str, fact: Fact) -> bool:
    """Return whether a price that is said to be the best one is."""
    return fact.kind != "price" or "/best/" in fact.path or _BEST.search(text) is None


def _own(numeral: Numeral, fact: Fact) -> set[str]:
    """Return what a fact's figure is."""
    if "/scores/" in fact.path:
        return {"score"}
    if fact.path.endswith("/edge"):
        return {"edge"}
    if fact.path.endswith("/hold"):
        return {"hold"}
    if fact.kind == "price":
        return {"implied"} if numeral.percent else {"price"}
    if fact.kind == "point":
        return {"line"}
    return (
        {"probability"}
        if fact.kind == "probability" and ("/consensus/" in fact.path or "/movement/" in fact.path)
        else set()
    )


def _said(text: str, numeral: Numeral) -> str | None:
    """Return the nearest word for what a figure is: close behind it, in its own part of the sentence, or before."""
    kinds = _PERCENTS if numeral.percent else None
    end = numeral.start + len(numeral.text)
    stop = _NEXT.search(text, end)
    until = min(end + NEXT_LETTERS, stop.start() if stop else len(text))
    near = list(_KINDS.finditer(text, end, until))
    if kinds is not None:
        near = [one for one in near if one.lastgroup in kinds]
    before = [
        one
        for one in _KINDS.finditer(text)
        if one.end() <= numeral.start
        and (kinds is None or one.lastgroup in kinds)
        and not _is_market_alone(text, one)
    ]
    # Over and Under are words for a line where nothing else says what a figure is.
    before = [one for one in before if one.lastgroup != "side"] or before
    own = [one for one in before if one.start() >= _clause_start(text, numeral)]
    if near and near[0].lastgroup in ("probability", "edge", "hold", "line", "implied" if kinds else ""):
        is_implied = near[0].lastgroup == "probability" and own and own[-1].lastgroup == "implied"
        return "implied" if is_implied else _kind(near[0])
    if own:
        return _kind(own[-1])
    if kinds is not None and _PRICED.search(text[_clause_start(text, numeral) : numeral.start]):
        return "price"
    if _is_american(numeral):
        return "price"
    if before:
        return _kind(before[-1])
    until = len(text) if kinds is not None or stop is None else stop.start()
    later = [
        one
        for one in _KINDS.finditer(text, end, until)
        if (one.lastgroup != "implied" if kinds is None else one.lastgroup in kinds)
    ]
    return _kind(later[0]) if later else None


def _is_market_alone(text: str, found: re.Match[str]) -> bool:
    """Return whether a word says of which market a figure is, and not what: "the edge on the moneyline"."""
    return (
        _MARKET_WORD.fullmatch(found.group()) is not None
        and _ON_THE.search(text[: found.start()]) is not None
    )


def _kind(found: re.Match[str]) -> str:
    return "line" if found.lastgroup == "given" else str(found.lastgroup)


def _market(found: re.Match[str]) -> str:
    return "spread" if found.lastgroup == "given" else str(found.lastgroup)


def _clause_start(text: str, numeral: Numeral) -> int:
    return max((one.end() for one in _NEXT.finditer(text[: numeral.start])), default=0)


def _is_of_moment(text: str, numeral: Numeral, fact: Fact) -> bool:
    """Return whether an opening figure is said to be one, and whether any other figure is not, in a sentence about an opening."""
    if _OPEN.search(text) is None:
        return not fact.path.endswith("/movement/open")
    words = [one.group().casefold() for one in _MOVED.finditer(text[: numeral.start])] or ["open"]
    return fact.path.endswith("/movement/open" if words[-1].startswith("open") else "/movement/current")


def _is_of_books(text: str, numeral: Numeral) -> bool:
    behind = _BOOKS_BEHIND.match(text[numeral.start + len(numeral.text) :])
    return behind is not None or _BOOKS_BEFORE.search(text[: numeral.start]) is not None


def _is_american(numeral: Numeral) -> bool:
    return (
        _is_signed(numeral)
        and not numeral.percent
        and numeral.value is not None
        and abs(numeral.value) >= 100
    )


def _is_signed(numeral: Numeral) -> bool:
    return numeral.text[:1] in ("+", "-")


def _ranged(text: str, numeral: Numeral) -> bool:
    after = text[numeral.start + len(numeral.text) :]
    return bool(_RANGE_BEFORE.search(text[: numeral.start]) or _RANGE_BEHIND.match(after))


def _is_of_start(text: str, numeral: Numeral) -> bool:
    """Return whether a time is said to be when a game starts: of what else it could be, no word stands nearer."""
    if _STARTS.search(text) is None:
        return False
    since = text[_last(_STARTS, text, numeral.start) : numeral.start]
    return all(one.lastgroup in ("time", "side") for one in _KINDS.finditer(since))


def _is_time(text: str, numeral: Numeral) -> bool:
    """Return whether a part of a time stands in a date, or as an hour in UTC."""
    if numeral.value is not None:
        return any(start <= numeral.start < end for start, end in _spans(_DATE, text))
    if ":" in numeral.text:
        return re.match(r"\s*\(?UTC\b(?![+-])", text[numeral.start + len(numeral.text) :]) is not None
    return True


def _last(pattern: re.Pattern[str], text: str, end: int) -> int:
    return max((one.end() for one in pattern.finditer(text[:end])), default=0)


def _spans(pattern: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    return [one.span() for one in pattern.finditer(text)]

"""Whether a model's sentence says its figures of whom they are: -140 is the Chiefs' price, and no other team's.

A figure belongs to the outcome, the book and the market of the facts that have it. It is said of the nearest name before
it; where no name stands before the first figure, of the nearest behind it. What is in doubt is refused, as in check.py.
"""

# ruff: noqa: E501 - a pattern reads better whole

from __future__ import annotations

import re
from collections.abc import Sequence

from quartapp.bot.check import normalise
from quartapp.bot.claims import chance_claim, injury_claim, score_claim
from quartapp.bot.facts import Fact
from quartapp.bot.mentions import Mention, mentions
from quartapp.bot.numerals import Numeral, Sayable, numerals

_FILL = "\u00a4"
_MARKET_WORDS = {
    "total": re.compile(r"\btotals?\b|\bover\b|\bunder\b|\bcombined\b|\bpoints\b|\bgoals\b|\bruns\b", re.IGNORECASE),
    "spread": re.compile(r"\bspreads?\b|\blines?\b|\bhandicaps?\b|\bpoints\b|\bfavou?red by\b|[+-]\d+(?:\.\d+)?\b", re.IGNORECASE),
}  # fmt: skip
# What a figure is said to be, by the nearest of these words before it, or one close behind it.
_KINDS = re.compile(
    r"\b(?P<probability>probabilit\w+|chances?|likel\w+|percent\w*|implie[sd]|implied)\b|\b(?P<edge>edges?|returns?)\b"
    r"|\b(?P<price>price[sd]?|odds|pays?|quot\w+)\b|\b(?P<line>spreads?|lines?|handicaps?|totals?)\b",
    re.IGNORECASE,
)
BEHIND_LETTERS = 25
_FIGURED = re.compile(r"\bstarts?\b|\bkick-?off\b", re.IGNORECASE)
_VALUED = re.compile(
    r"\bprobability\b|\bedge\b|\bprice of\b|\bline of\b|\b(?:spread|total|winner), \w+|\bscore\b",
    re.IGNORECASE,
)
_MARKETS = re.compile(
    r"\b(?P<other>spreads?|totals?|handicaps?)\b|\b(?:winner|moneyline|to win|wins?)\b", re.IGNORECASE
)


def binding_problem(text: str, facts: Sequence[Fact]) -> str | None:
    """Return why a sentence says a figure or a state of whom it is not, None where it does not.

    >>> chiefs = Fact("/a", '"1"', "/1/price_american", -140, "price", ("Kansas City Chiefs",))
    >>> browns = Fact("/a", '"1"', "/2/price_american", 116, "price", ("Cleveland Browns",))
    >>> binding_problem("The Browns pay +116 and the Chiefs -140.", [chiefs, browns]) is None
    True
    >>> binding_problem("The Chiefs pay +116.", [chiefs, browns])
    'the figure +116 of another'
    """
    text = normalise(text).replace("\u2013", "-").replace("\u2014", " - ")
    books = mentions(text, {name for fact in facts for one in fact.beside for name in one.names})
    owners = mentions(text, {name for fact in facts for name in _owners(fact)})
    athletes = [fact for fact in facts if fact.path.endswith("/athlete")]
    plain = text
    for mention in (*books, *owners, *mentions(text, {name for fact in facts for name in fact.names})):
        plain = plain[: mention.start] + _FILL * (mention.end - mention.start) + plain[mention.end :]
    return (
        _emptiness(plain, text, facts)
        or _figures(plain, text, facts, owners, books)
        or score_claim(plain, facts, owners)
        or chance_claim(plain, facts, owners)
        or injury_claim(text, athletes)
    )


def _emptiness(plain: str, text: str, facts: Sequence[Fact]) -> str | None:
    """Return a claim about a figure, a time or a side that says none, or another's."""
    said = list(numerals(plain))
    if not said and (claim := _FIGURED.search(plain)) is not None:
        return f"the claim {claim.group().strip()} without a figure"
    if (
        not any(numeral.value is not None for numeral in said)
        and (claim := _VALUED.search(plain)) is not None
    ):
        return f"the claim {claim.group().strip()} without a figure"
    for side in ("home", "away"):
        if re.search(rf"\b{side} (?:team|side)\b", plain, re.IGNORECASE):
            own = {name for fact in facts if fact.path.endswith(f"/{side}_team") for name in fact.names}
            if not mentions(text, own):
                return f"the claim {side} team"
    return None


def _owners(fact: Fact) -> tuple[str, ...]:
    """Return the outcomes whose figure a fact is."""
    if fact.kind not in ("price", "probability", "point", "number") or isinstance(fact.value, str):
        return ()
    return fact.names


def _figures(
    plain: str, text: str, facts: Sequence[Fact], owners: list[Mention], books: list[Mention]
) -> str | None:
    said = [numeral for numeral in numerals(plain) if numeral.value is not None]
    before = not said or any(owner.start < min(numeral.start for numeral in said) for owner in owners)
    for numeral in said:
        having = [fact for fact in facts if Sayable([fact]).allows(numeral)]
        if not having:
            continue  # a part of a date or of a text, which check.py has seen
        if not any(
            (
                ("/scores/" in fact.path and _in_a_score(plain, numeral))
                or _is_of(numeral, fact, owners, before=before)
            )
            and _is_at(numeral, fact, books)
            and _is_in_market(text, numeral, fact)
            and _is_of_kind(plain, numeral, fact)
            for fact in having
        ):
            return f"the figure {numeral.text} of another"
    return None


def _in_a_score(text: str, numeral: Numeral) -> bool:
    """Return whether a figure is one of "27-24", of which each is another team's; `_scores` sees who is ahead."""
    after = text[numeral.start + len(numeral.text) :]
    return re.search(r"\d-$", text[: numeral.start]) is not None or re.match(r"-\d", after) is not None


def _is_of(numeral: Numeral, fact: Fact, mentioned: list[Mention], *, before: bool) -> bool:
    """Return whether a figure is said of the one whose fact it is; of nobody's, whoever is named."""
    owners = set(map(normalise, _owners(fact)))
    if not owners:
        return True
    near = [one for one in mentioned if one.start < numeral.start] if before else []
    ahead = [one for one in mentioned if one.start > numeral.start]
    nearest = near[-1] if near else ahead[0] if ahead else None
    return nearest is not None and bool(nearest.names & owners)


def _is_at(numeral: Numeral, fact: Fact, mentioned: list[Mention]) -> bool:
    """Return whether a price is said at its book, where books are named: the next one behind it, or the last before."""
    own = {normalise(name) for one in fact.beside for name in one.names}
    if not own or not mentioned:
        return True
    near = [one for one in mentioned if one.start < numeral.start][-1:]
    ahead = [one for one in mentioned if one.start > numeral.start][:1]
    return any(one.names & own for one in (*near, *ahead))


def _is_of_kind(text: str, numeral: Numeral, fact: Fact) -> bool:
    """Return whether a figure is said to be what it is: an edge, a probability, a price or a line."""
    if fact.path.endswith("/edge"):
        own: set[str] = {"edge"}
    elif fact.kind == "probability" and "/consensus/" in fact.path:
        own = {"probability"}
    elif fact.kind == "price":
        own = {"probability"} if numeral.percent else {"price", "line"}
        if text[: numeral.start].rstrip().endswith(" at"):
            return True  # "has a chance of ... at -140"
    elif fact.kind == "point":
        own = {"line"}
    elif "/scores/" in fact.path:
        own = set()
    else:
        return True
    end = numeral.start + len(numeral.text)
    before = [one.lastgroup for one in _KINDS.finditer(text[: numeral.start])][-1:]
    behind = [one.lastgroup for one in _KINDS.finditer(text[end : end + BEHIND_LETTERS])][:1]
    return not before or bool(own & {*before, *behind})


def _is_in_market(text: str, numeral: Numeral, fact: Fact) -> bool:
    """Return whether a figure of a total or a spread is said as one, and one of the winner as neither."""
    words = next(
        (words for market, words in _MARKET_WORDS.items() if re.search(rf"\b{market}\b", fact.label)), None
    )
    if words is not None:
        return words.search(text) is not None
    if re.search(r"\bwinner\b|\bwins\b", fact.label):
        before = [one["other"] for one in _MARKETS.finditer(text[: numeral.start])][-1:]
        return not before or before[0] is None
    return True

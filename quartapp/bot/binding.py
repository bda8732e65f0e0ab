"""Whether a model's sentence says its figures of whom they are: -140 is the Chiefs' price, and no other team's.

A figure belongs to the outcome, the book and the market of the facts that have it. It is said of the nearest name before
it; where no name stands before the first figure, of the nearest behind it. What is in doubt is refused, as in check.py.
"""

# ruff: noqa: E501 - a pattern reads better whole

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from quartapp.bot.check import normalise
from quartapp.bot.facts import Fact
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
_AHEAD = re.compile(
    r"\b(?:won|wins|beats?|beat|defeat(?:s|ed)?|leads?|leading|led|ahead|winners?(?! (?:price|edge|market|odds|prob))|victor\w*|trail(?:s|ing|ed)?|behind|lost|loses|losing|defeated by)\b",
    re.IGNORECASE,
)
_BEHIND = re.compile(r"\b(?:trail(?:s|ing|ed)?|behind|lost|loses|losing|defeated by|beaten)\b", re.IGNORECASE)
_FAVOURED = re.compile(
    r"\b(?P<less>underdogs?|less likely|outsiders?)\b|\b(?:favou?red|favou?rites?|more likely|likelier|likeliest|most likely)\b",
    re.IGNORECASE,
)
_STATUSES = frozenset(
    """
    out questionable doubtful probable active inactive healthy available suspended fit cleared injured playing starting
    sidelined unavailable
    """.split()  # noqa: SIM905
)
_OUT = re.compile(
    r"\b(?:is|are|was|were|be|ruled|been)\s+out\b|\bout\s+for\b|\bhurt\b|\binjur\w*", re.IGNORECASE
)
_PARTS = frozenset(
    """
    knee ankle hamstring illness shoulder back calf groin wrist elbow foot toe hand finger thumb hip quad quadriceps
    concussion head neck ribs rib achilles acl mcl thigh shin leg arm flu covid fracture sprain strain broken torn tore
    """.split()  # noqa: SIM905
)


class Mention(NamedTuple):
    """Where a text names somebody, and whom it may mean."""

    start: int
    end: int
    names: frozenset[str]


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
        or _scores(plain, facts, owners)
        or _chances(plain, facts, owners)
        or _injured(text, athletes)
    )


def mentions(text: str, names: Iterable[str]) -> list[Mention]:
    """Return where a text says one of these names, or a beginning or an end of one, in order.

    >>> [one.names for one in mentions("The Browns at Kansas City", ["Kansas City Chiefs", "Cleveland Browns"])]
    [frozenset({'Cleveland Browns'}), frozenset({'Kansas City Chiefs'})]
    """
    meant: dict[str, set[str]] = {}
    for name in map(normalise, names):
        words = name.split()
        for part in {
            name,
            *(" ".join(words[:cut]) for cut in range(1, len(words))),
            *(" ".join(words[cut:]) for cut in range(1, len(words))),
        }:
            if part == name or part[0].isupper() or part[0].isdigit():
                meant.setdefault(part.casefold(), set()).add(name)
    if not meant:
        return []
    pattern = "|".join(map(re.escape, sorted(meant, key=len, reverse=True)))
    found = re.finditer(rf"(?<!\w)(?:{pattern})(?!\w)", text, re.IGNORECASE)
    return [Mention(one.start(), one.end(), frozenset(meant[one.group().casefold()])) for one in found]


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


def _scores(text: str, facts: Sequence[Fact], owners: list[Mention]) -> str | None:
    """Return a claim of who is ahead that the cited scores do not bear out."""
    claim = _AHEAD.search(text)
    if claim is None or re.search(r"\b(?:that|who|whether|if)\b", text[: claim.start()], re.IGNORECASE):
        return None
    if claim.group().casefold() == "wins" and re.search(r"\d\s?%", text):
        return None  # of the time: its figure is a probability, and its own name's
    scores = {fact.names[0]: float(fact.value) for fact in facts if "/scores/" in fact.path and fact.names}
    subjects = [one for one in owners if one.start < claim.start()]
    if len(scores) != 2 or not subjects or len(subjects[-1].names) != 1:
        return f"the claim {claim.group()}"
    (subject,) = subjects[-1].names
    own = scores.get(subject)
    other = next((value for name, value in scores.items() if name != subject), None)
    if own is None or other is None or own == other:
        return f"the claim {claim.group()}"
    return None if (own > other) != bool(_BEHIND.search(claim.group())) else f"the claim {claim.group()}"


def _chances(text: str, facts: Sequence[Fact], owners: list[Mention]) -> str | None:
    """Return a claim of who is likelier that the cited probabilities and prices do not bear out."""
    claim = _FAVOURED.search(text)
    if claim is None:
        return None
    chances: dict[str, float] = {}
    for fact in facts:
        if not fact.names or isinstance(fact.value, str | None):
            continue
        if fact.kind == "probability" and "/consensus/" in fact.path:
            chances[normalise(fact.names[0])] = float(fact.value)
        elif fact.kind == "price" and normalise(fact.names[0]) not in chances:
            american = fact.path.endswith("price_american")
            decimal = (
                (1 + (fact.value / 100 if fact.value > 0 else -100 / fact.value)) if american else fact.value
            )
            chances[normalise(fact.names[0])] = 1 / float(decimal)
    near = [one for one in owners if one.start < claim.start()] or owners
    subject = near[-1] if near and near[-1].start < claim.start() else near[0] if near else None
    if subject is None or len(subject.names) != 1 or not (subject.names & chances.keys()):
        return f"the claim {claim.group()}"
    own = chances[next(iter(subject.names))]
    best = max(chances.values()) if len(chances) > 1 else 0.5
    likelier = own >= best
    return None if likelier != bool(claim["less"]) else f"the claim {claim.group()}"


def _injured(text: str, athletes: Sequence[Fact]) -> str | None:
    """Return a state, an injury or a team that is said of an athlete who has another."""
    own = {normalise(fact.names[0]): fact for fact in athletes}
    named = [
        one
        for one in mentions(text, own)
        if text[one.start : one.end].casefold() in {name.casefold() for name in own}
    ]
    spoken = set(re.findall(r"[a-z]+", text.casefold()))
    if not named:
        return (
            "the state of nobody"
            if spoken & _STATUSES - {"out", "playing"} or spoken & _PARTS or _OUT.search(text)
            else None
        )
    teams = {name for fact in athletes for name in fact.names[1:2]}
    for place, mention in enumerate(named):
        ends = named[place + 1].start if place + 1 < len(named) else len(text)
        fact = own[
            next(
                iter(
                    name
                    for name in mention.names
                    if name.casefold() == text[mention.start : mention.end].casefold()
                )
            )
        ]
        begins = mention.end if len(named) > 1 else 0
        words = set(re.findall(r"[a-z]+", text[begins:ends].casefold()))
        allowed = {word for name in fact.names[2:] for word in re.findall(r"[a-z]+", name.casefold())} | {
            "injured"
        }
        wrong = (words & (_STATUSES | _PARTS)) - allowed
        if wrong:
            return f"the state {min(wrong)} of another"
        beside = {name for one in mentions(text, teams) for name in one.names}
        if beside and fact.names[1] not in beside:
            return "the team of another"
    return None

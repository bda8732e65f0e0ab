"""What a model's sentence claims beside its figures: who is ahead, who is favoured, who is out."""

# ruff: noqa: E501 - a pattern reads better whole

from __future__ import annotations

import re
from collections.abc import Sequence

from quartapp.bot.check import normalise
from quartapp.bot.facts import Fact
from quartapp.bot.mentions import Mention, mentions

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


def score_claim(text: str, facts: Sequence[Fact], owners: list[Mention]) -> str | None:
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


def chance_claim(text: str, facts: Sequence[Fact], owners: list[Mention]) -> str | None:
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


def injury_claim(text: str, athletes: Sequence[Fact]) -> str | None:
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

"""A second opinion on an answer, written from the contract and not from the bot's own check.

Every numeral of a `text` must stand in a document that it cites, as it is, rounded, as a percentage or as a price
conversion; every team and book that is named must stand there too. Works on what was sent, and on nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from quartapp.sandbox.league import BOOKS, LEAGUES

# Who could be named: every team and book of the sandbox's world, and some of no document's.
TEAMS = sorted(
    {team for league in LEAGUES for team in league.teams}
    | {"Everton Rovers", "Gotham Knights", "Real Madrid"}
)
BOOKMAKERS = sorted({title for _, title, _ in BOOKS} | {"Bet365", "GoldenBet", "Unibet"})
NICKNAMES = ("lakers", "packers", "yankees", "patriots", "dodgers", "blackhawks", "knicks")
NUMBER_WORDS = re.findall(
    r"\w+",
    """
    eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy
    eighty ninety hundred thousand million dozen couple handful twofold double triple treble twice thrice
    third quarter fifth tenth deux trois quatre sieben hundert siete cuarenta quarante
    """,
)
# Words with a capital inside a sentence that name nobody.
CAPITALS = frozenset(
    "utc i american decimal over under draw out questionable api id u.s gorilla bot parlay mlb nba nfl nhl epl".split()  # noqa: SIM905
)
_CAPITAL = re.compile(r"(?<=[a-z0-9,;%)] )[A-Z][\w'.-]*")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|\b[\w.-]+@[\w.-]+\b")
_NUMBER = re.compile(r"(?:(?<=[\s(])[+-])?\d+(?:\.\d+)?")


def values(content: Any) -> Iterator[float | str]:
    """Yield every number and text of a document, names of fields that are outcomes included."""
    if isinstance(content, dict):
        for name, inner in content.items():
            yield name
            yield from values(inner)
    elif isinstance(content, list):
        for inner in content:
            yield from values(inner)
    elif (isinstance(content, (int, float)) and not isinstance(content, bool)) or isinstance(content, str):
        yield content


class Sayings:
    """What a document lets an answer say."""

    def __init__(self, content: Any) -> None:
        self.numbers: set[float] = set()
        self.text = ""
        for value in values(content):
            if isinstance(value, str):
                self.text += f" {value}"
                self.numbers |= {float(number) for number in re.findall(r"\d+(?:\.\d+)?", value)}
                self.numbers |= {-float(number) for number in re.findall(r"-(\d+(?:\.\d+)?)", value)}
                continue
            self.numbers.add(float(value))
            if -1 <= value <= 1:
                self.numbers.add(100 * value)
            if abs(value) >= 100:  # an American price: its decimal and implied probability
                decimal = 1 + (value / 100 if value > 0 else 100 / -value)
                self.numbers |= {decimal, 100 / decimal}
            elif value > 1:
                self.numbers.add(100 / value)

    def has(self, written: str) -> bool:
        """Return whether a numeral stands there, rounded to the places that it is written with."""
        number, places = float(written), len(written.partition(".")[2])
        slack = 0.5000001 * 10**-places if places else 1e-9
        return any(abs(number - value) <= slack for value in self.numbers)


@lru_cache(maxsize=256)
def _names_in(text: str) -> frozenset[str]:
    lowered = text.casefold()
    found = {
        name
        for name in (*TEAMS, *BOOKMAKERS)
        if re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", lowered)
    }
    return frozenset(found | {word for word in NICKNAMES if re.search(rf"\b{word}\b", lowered)})


class SecondChecker:
    """Judges answers by documents."""

    def __init__(self, documents: Mapping[str, Any], etags: Mapping[str, str] | None = None) -> None:
        self._documents = documents
        self._etags = etags
        self._sayings: dict[str, Sayings] = {}

    def unsupported(self, events: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
        """Return every numeral and name of an answer's texts that no cited document has, and each false citation."""
        cited = {data["n"]: data["document"] for name, data in events if name == "cite"}
        problems = [
            why for name, data in events if name == "cite" and "path" in data for why in self._false(data)
        ]
        for name, data in events:
            if name != "text":
                continue
            keys = {cited[number] for number in data["citations"]}
            sayings = [self._of(key) for key in keys]
            problems += [f"{word}: {data['text']}" for word in self._foreign(data["text"], sayings)]
        return problems

    def _false(self, cite: Mapping[str, Any]) -> Iterator[str]:
        """Yield why a citation does not hold: its document, at its version, has its value at its path."""
        value: Any = self._documents.get(cite["document"])
        if self._etags is not None and self._etags.get(cite["document"]) != cite["etag"]:
            yield f"another version is cited: {cite}"
        for part in cite["path"].split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            try:
                value = value[int(name)] if isinstance(value, list) else value[name]
            except (KeyError, IndexError, TypeError, ValueError):
                yield f"nothing is at the cited path: {cite}"
                return
        if value != cite["value"]:
            yield f"another value is at the cited path: {cite}"

    def _of(self, key: str) -> Sayings:
        if key not in self._sayings:
            self._sayings[key] = Sayings(self._documents[key])
        return self._sayings[key]

    def _foreign(self, text: str, sayings: Sequence[Sayings]) -> Iterator[str]:
        told = " ".join(one.text for one in sayings).casefold()
        for letter in text:
            if unicodedata.category(letter) in ("Cf", "Co", "Cn", "Nl", "No") or (
                letter.isnumeric() and not letter.isascii()
            ):
                yield repr(letter)
        for word in _CAPITAL.findall(text):
            plain = word.rstrip(".'").removesuffix("'s").casefold()
            if plain not in CAPITALS and plain not in told and text.casefold() not in told:
                yield word
        for address in _ADDRESS.findall(text):
            if address.rstrip(".,)").casefold() not in told:
                yield address
        for written in _NUMBER.findall(text.replace("\u2212", "-")):
            if not any(one.has(written) for one in sayings):
                yield written
        for name in _names_in(text):
            if name.casefold() not in told:
                yield name
        for word in NUMBER_WORDS:
            if re.search(rf"\b{word}s?\b", text, re.IGNORECASE) and word not in told:
                yield word

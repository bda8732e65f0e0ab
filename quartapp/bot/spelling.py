"""How teams, books and sports are called in messages: short forms, parts of names, words that are also names, slips."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from quartapp.bot.lexicon import NICKNAMES, STARTERS
from quartapp.team_names import words

LONGEST_ALIAS = 6
SHORT = {
    "niners": ("49ers",), "sixers": ("76ers",), "cavs": ("cavaliers",), "mavs": ("mavericks",),
    "bucs": ("buccaneers",), "pats": ("patriots",), "hammers": ("west", "ham", "united"), "gunners": ("arsenal",),
    "spurs": ("tottenham", "hotspur"), "wolves": ("timberwolves",), "kc": ("kansas", "city"), "sf": ("san", "francisco"),
    "villans": ("aston", "villa"), "pack": ("packers",), "phins": ("dolphins",), "jags": ("jaguars",),
    "blazers": ("trail", "blazers"), "clips": ("clippers",),
    "city": ("manchester", "city"),
    "brighton": ("brighton", "and", "hove", "albion"),
}  # fmt: skip
# Codes of score boards. Those that are words too count in capitals alone.
CODES = {
    "bos": "boston", "dal": "dallas", "tb": "tampa bay", "cle": "cleveland", "bal": "baltimore", "phi": "philadelphia",
    "orl": "orlando", "lac": "los angeles clippers", "lal": "los angeles lakers", "lar": "los angeles rams",
    "det": "detroit", "mia": "miami", "por": "portland", "hou": "houston", "atl": "atlanta", "chi": "chicago",
    "cin": "cincinnati", "clt": "charlotte", "gsw": "golden st", "nyk": "new york knicks", "bkn": "brooklyn",
    "phx": "phoenix", "sas": "san antonio", "tor": "toronto", "uta": "utah", "nop": "new orleans", "dc": "washington",
    "nyg": "new york giants", "nyj": "new york jets", "jax": "jacksonville", "lvr": "las vegas", "buf": "buffalo",
    "ari": "arizona", "gb": "green bay", "mufc": "manchester united", "mcfc": "manchester city", "lfc": "liverpool",
    "min": "minnesota", "mil": "milwaukee", "den": "denver", "was": "washington", "sea": "seattle", "pit": "pittsburgh",
    "ten": "tennessee", "car": "carolina", "ind": "indiana", "no": "new orleans", "ne": "new england",
    "sac": "sacramento", "mem": "memphis", "lv": "las vegas", "cfc": "chelsea", "birds": "eagles",
    "philly": "philadelphia",
}  # fmt: skip
CODE_WORDS = 3  # a message in capitals that is as short may be made of codes
CODES_IN_CAPITALS = frozenset(
    "min mil den was sea pit ten car ind no ne sac mem gb por det chi cfc tor".split()  # noqa: SIM905
)
# Words of sport and of everyday speech that also begin or end a team's name: they count with a capital or behind "the".
EVERYDAY = frozenset(
    """
    magic heat wild stars thunder jazz bills nets suns kings giants jets bears saints lions crew fire union forest palace
    villa ducks sharks flames hurricanes devils blues storm fever dream sparks liberty
    """.split()  # noqa: SIM905
)
PLACE_WORDS = frozenset(
    """
    city united real new north south west east los san st as ac hove albion wanderers county town rovers athletic
    sporting inter golden great best sky sun tech rock green red blue black state central international
    """.split()  # noqa: SIM905
)
NEVER = frozenset(
    ("st", "new", "los", "san", "city", "united", "as", "real", "north", "south", "west", "east", "the")
)
# Places of teams that are listed at other times: one that no listed team has is a stranger's.
PLACES = frozenset(
    """
    newcastle manchester liverpool leicester southampton wolverhampton arizona atlanta baltimore boston brooklyn
    buffalo calgary carolina charlotte chicago cincinnati cleveland colorado columbus dallas denver detroit edmonton
    houston indiana indianapolis jacksonville memphis miami milwaukee minnesota montreal nashville orlando ottawa
    philadelphia phoenix pittsburgh portland sacramento seattle tennessee toronto utah vancouver washington
    winnipeg alabama georgia michigan ohio oregon texas florida clemson duke kentucky gonzaga villanova auburn tampa
    vegas
    """.split()  # noqa: SIM905
) | {
    "green bay", "new york", "new england", "new orleans", "golden st", "las vegas", "san antonio", "oklahoma city",
    "kansas city", "tampa bay", "los angeles", "san francisco", "san diego", "st louis", "aston villa",
    "crystal palace", "nottingham forest", "real madrid", "atletico madrid", "inter milan", "notre dame",
}  # fmt: skip
BOOK_SHORT = {
    "dk": "draftkings", "fd": "fanduel", "mgm": "betmgm", "czr": "williamhill_us", "ceasars": "williamhill_us",
    "cesars": "williamhill_us", "pinny": "pinnacle", "pinnacles": "pinnacle", "fandual": "fanduel",
    "draftking": "draftkings", "rivers": "betrivers",
}  # fmt: skip
MISTYPED_LETTERS = 6  # a shorter word is another word as easily
SWAPPED_LETTERS = 5  # if two letters changed places, it hardly is
NOT_MISTYPED = frozenset(
    """
    charges charged rookies rookie packets patriot pirated ravines packer brewer ranger hornet pirate marine marines
    raiser raised saving raving browse cheats chelsey chefs bronze bullet warrior season reason timber cardinal viking
    """.split()  # noqa: SIM905
)
SPORT_WORDS = {
    "nfl": "americanfootball_nfl", "nba": "basketball_nba", "nhl": "icehockey_nhl", "mlb": "baseball_mlb",
    "epl": "soccer_epl", "premier league": "soccer_epl", "mls": "soccer_usa_mls", "ncaaf": "americanfootball_ncaaf",
    "college football": "americanfootball_ncaaf", "ncaab": "basketball_ncaab", "college basketball": "basketball_ncaab",
    "wnba": "basketball_wnba", "hockey": "icehockey_nhl", "baseball": "baseball_mlb", "basketball": "basketball_nba",
    "pro football": "americanfootball_nfl", "american football": "americanfootball_nfl", "soccer": "soccer_epl",
}  # fmt: skip


def aliases(spelt: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield a team's name, each beginning and end of it that is no mere place-word, and its last words in one."""
    if len(spelt) > 1 and len(joined := "".join(spelt[-2:])) > 8:
        yield (joined,)
    for cut in range(len(spelt)):
        for alias in (spelt[cut:], spelt[: len(spelt) - cut]):
            if alias and not (len(alias) == 1 and (alias[0] in NEVER or len(alias[0]) < 3)):
                yield alias


def _by_itself(message: str) -> bool:
    """Return whether capitals mean something: not in a message that is in capitals all through."""
    return not message.isupper() or len(message.split()) <= CODE_WORDS


@lru_cache(maxsize=16)  # a message is asked about more than once
def spoken_words(message: str) -> list[tuple[str, bool]]:
    """Return the message's words in the team names' spelling, and whether each had a capital."""
    spoken: list[tuple[str, bool]] = []
    for written in re.findall(r"[\w'.&-]+", message.replace("\u2019", "'")):
        for word in re.split(r"[-.]", written.removesuffix("'s")):
            if word == "la":  # in small letters an article
                spoken.append(("la", False))
                continue
            small = word.casefold()
            code = CODES.get(small)
            if code and (small not in CODES_IN_CAPITALS or (word.isupper() and _by_itself(message))):
                spoken += [(part, True) for part in code.split()]
                continue
            if small == "the":  # which the spelling of names leaves out
                spoken.append(("the", False))
            for spelt in words(f"{word} x")[:-1] if word else ():
                spoken.append((spelt, word[:1].isupper()))
    return spoken


def near(word: str, name: str) -> bool:
    """Return whether one letter is missing, too many, another, or changed places with the next.

    >>> near("bucaneers", "buccaneers"), near("celitcs", "celtics"), near("boston", "houston")
    (True, True, False)
    """
    if abs(len(word) - len(name)) > 1:
        return False
    same = next(
        (place for place, pair in enumerate(zip(word, name, strict=False)) if pair[0] != pair[1]), None
    )
    if same is None:
        return True
    if len(word) == len(name):
        swapped = word[:same] + word[same + 1 : same + 2] + word[same] + word[same + 2 :]
        return word[same + 1 :] == name[same + 1 :] or swapped == name
    longer, shorter = (word, name) if len(word) > len(name) else (name, word)
    return longer[same + 1 :] == shorter[same:]


def distinctive(aliases: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Yield single words that name a team and nothing else."""
    for alias in aliases:
        word = alias[0]
        if (
            len(alias) == 1
            and len(word) > 4
            and word not in EVERYDAY | PLACE_WORDS | STARTERS
            and word in NICKNAMES
        ):
            yield word


def mistyped(word: str, names: Iterable[str]) -> str:
    """Return the name that a word misses by one letter; the word itself where there is none.

    >>> mistyped("cheifs", ["chiefs"]), mistyped("bukcs", ["bucks"]), mistyped("backs", ["bucks"])
    ('chiefs', 'bucks', 'backs')
    """
    if len(word) < SWAPPED_LETTERS or word in STARTERS | NOT_MISTYPED:
        return word
    return next((name for name in names if name[0] == word[0] and _slip(word, name)), word)


def _slip(word: str, name: str) -> bool:
    if len(word) < MISTYPED_LETTERS or len(name) < MISTYPED_LETTERS:
        return len(word) == len(name) and sorted(word) == sorted(name) and near(word, name)
    return near(word, name)

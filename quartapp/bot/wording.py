"""A message as it is read: the spelling of people in a hurry, and of other languages, in the words that patterns know."""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = re.compile(r"\b(what|who|how|when|where|that)s\b", re.IGNORECASE)
_PLAIN = {
    "cant": "can't", "dont": "don't", "im": "i'm", "ive": "i've", "whos": "who's", "r": "are", "u": "you", "wat": "what",
    "teh": "the", "tmrw": "tomorrow", "tmr": "tomorrow", "2nite": "tonight", "2day": "today", "tonite": "tonight",
    "injurys": "injuries", "oods": "odds", "odss": "odds", "parley": "parlay", "parleys": "parlays", "gonna": "going to",
}  # fmt: skip
_SPANISH = {
    "cuotas": "odds", "cuota": "odds", "momios": "odds", "precio": "price", "precios": "prices",
    "lesionados": "injured", "lesionado": "injured", "lesiones": "injuries", "lesión": "injury",
    "gewinnt": "who wins", "quoten": "odds", "quote": "odds", "cote": "odds", "cotes": "odds", "verletzt": "injured",
    "blessés": "injured", "blessé": "injured", "paga": "pays",
    "gana": "who wins", "ganará": "who wins", "favorito": "favorite", "partido": "game", "partidos": "games",
    "hoy": "today", "mañana": "tomorrow", "cuándo": "when", "cuando": "when", "juega": "play next",
    "juegan": "play next", "marcador": "score", "resultado": "result", "reglas": "rules", "aplazado": "postponed",
    "récord": "record", "probabilidad": "probability", "probabilidades": "probability", "línea": "line",
    "hándicap": "handicap", "combinada": "parlay", "ayuda": "help", "apuesta": "bet", "domingo": "sunday",
    "sábado": "saturday", "lunes": "monday", "martes": "tuesday", "miércoles": "wednesday", "jueves": "thursday",
    "viernes": "friday",
}  # fmt: skip
_WORD = re.compile(r"(?<![/\w])(?:[^\W\d_]+|\d\w*)(?![/\w])")
_UNITED = re.compile(r"\bman\s?u\b", re.IGNORECASE)
_MONEY = re.compile(r"(?<![\w$])(\d[\d,.]*k?)\s?(?:bucks|dollars|quid|euros|pounds)\b")


def straight(message: str) -> str:
    """Return a message in compatible letters, with plain quotes and signs, and its hurried words spelt out.

    >>> straight("whos out for the sixers"), straight("wat r teh odds"), straight("\uff33ay \u2212110")
    ("who's out for the sixers", 'what are the odds', 'Say -110')
    """
    text = unicodedata.normalize("NFKC", message)
    text = text.replace("\u2019", "'").replace("\u2018", "'").replace("\u2212", "-").strip()
    text = _MONEY.sub(r"$\1", text)  # and not the team
    text = _UNITED.sub("Man United", text)
    text = _APOSTROPHES.sub(r"\1's", text)
    return _WORD.sub(lambda found: _PLAIN.get(found.group().casefold(), found.group()), text)


def english(message: str) -> str:
    """Return a message with the Spanish words of its subject in English; a name keeps its letters.

    >>> english("¿cuáles son las cuotas de los Chiefs?")
    '¿cuáles son las odds de los Chiefs?'
    """
    return _WORD.sub(lambda found: _SPANISH.get(found.group().casefold(), found.group()), message)

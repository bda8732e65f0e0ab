"""What goes before any answer: a person in need, a wish for advice on stakes, an attempt to make the bot say or do else.

Patterns and not a model, because the first answer to a cry for help must not depend on anything that can fail.
"""

# ruff: noqa: E501 - a row of the table reads better whole

from __future__ import annotations

import re
from typing import Literal

from quartapp.bot.distress import is_distress

Care = Literal["distress", "minor", "stake", "promise", "secret", "act"]

_FLAGS = re.VERBOSE | re.IGNORECASE
# Somebody too young, or who asks for one: no price is told.
_MINOR = re.compile(
    r"""
      (?<!like\s)(?<!if\s)\bi(?:'?m|\s+am)\s+(?:only\s+|just\s+|a\s+)?(?:[5-9]|1\d|20)(?=\W*$|[\s,.]+(?:(?:and|but|so|can|could|may|years?|yo|yrs?|is|am|do|what|which|who)\b))
    | \b(?:[5-9]|1[0-7]|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen)[ -]?(?:years?[ -]olds?|yrs?[ -]old|y/?o)\b
    | \b(?:my|our)\s+(?:\w+\s+)?(?:son|daughter|kid|child|brother|sister|nephew|niece|student)s?\b.{0,20}\b(?:is|are|aged?|who'?s)\b.{0,20}\b(?:[5-9]|1\d|young|minor)\b
    | \b(?:my|our)\s+(?:\w+\s+)?(?:son|daughter|kid|child|brother|sister|nephew|niece|student)s?\W+(?:who'?s\s+|is\s+|aged?\s+)?(?:[5-9]|1\d)\b
    | \bi(?:'?m|\s+am|\s+just\s+turned|\s+turned)\s+(?:only\s+|just\s+)?(?:ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|(?:[5-9]|1[0-7])\s+(?:today|yesterday|last|this|next)|under\s+(?:18|21|age|eighteen)|below\s+(?:18|21))\b | \bin\s+(?:high|middle)\s+school\b | \b(?:minors?|kids|children|teen\w*|under\s?age\w*)\b.{0,25}\b(?:bet|play|use|gamble|join)\b | \bcan\s+(?:minors|kids|children|teen\w*)\b
    | \b\d{1,2}\s?y/?o\b | \bsoy\s+menor\b | \btengo\s+(?:diez|once|doce|trece|catorce|quince|diecis[eé]is|diecisiete)\s+a[ñn]os\b
    | \b(?:my|our)\s+(?:kid|child|children|teen\w*)s?\b.{0,40}\b(?:bet\w*|gambl\w*)\b | \bi(?:'?m|\s+am)\s+(?:a\s+minor|under\s?age|too\s+young|in\s+(?:high|middle)\s+school)\b
    | \btengo\s+(?:[5-9]|1\d)\s+a[ñn]os\b | \bmenor\s+de\s+edad\b
    """,
    _FLAGS,
)
_STAKE = re.compile(
    r"""
      \bhow\s+(?:much|many\s+(?:units|dollars))\b.{0,40}\b(?:bet|stake|wager|put|risk|spend|deposit|parlay(?!.*\bpays?\b)|lay|throw)\b | \bwhat\s+(?:stake|size|unit)\b.{0,30}\b(?:bet|use|play|put)?
    | \b(?:should|shall|can|could|do|would)\s+i\s+(?:\w+\s+)?(?:bet|stake|wager|put|risk|back|take|lay|fade|hammer|invest|play|buy|sell|hedge|cash\s?out|chase|double)\b
    | \b(?:tell|advise)\s+me\s+(?:what|who|which|how\s+much)\s+(?:\w+\s+)?(?:to\s+)?(?:bet|back|stake|wager|put)\b
    | \b(?:what|who|which\s+\w+)\s+(?:should|do|would|to)\s+(?:i\s+|we\s+|you\s+)?(?:bet|back|wager|put\s+money)\b
    | \b(?:bet|put|stake|wager|risk)\s+(?:my|all\s+my|the)\s+(?:rent|savings|house|salary|paycheck|mortgage|money|bankroll)\b | \bkelly\b.{0,40}\b(?:me|my|i)\b
    | \b(?:bankroll|unit\s+size|staking)\b | \bworth\s+(?:a\s+)?(?:bet\w*|wager\w*|stake|punt|backing)\b | \bgood\s+bet\b | \bbest\s+bets?\b | \bbet\s+size\b
    | \bkelly\s+(?:stakes?|bets?|size|sizing|amount)\b | \bhow\s+(?:many\s+units|much\s+money|big\s+a\s+bet)\b | \bsplit\b.{0,40}\b(?:bets?|games?|bankroll)\b
    | \b(?:cu[aá]nto|qu[eé])\s+(?:\w+\s+)?(?:debo|debería|deberia|puedo|tengo\s+que)?\s*(?:apostar|apuesto|jugar|arriesgar)\b | \b(?:debo|debería|deberia)\s+apostar\b
    | \bmax(?:imum)?\s+bet\b | \ball[ -]in\b | \b(?:go|going)\s+(?:big|heavy|hard|all\s+in)\b | \bhow\s+much\s+(?:\w+\s+)?on\b | \b(?:would|will|do)\s+you\s+(?:\w+\s+)?(?:put|bet|stake|wager|risk|back|take|lay|hammer|fade)\b | \b(?:double|triple|increase|raise|lower)\s+(?:up\s+|down\s+|on\s+)?(?:my|the|your)\s+(?:bets?|stakes?|units?)\b | \b(?:hammer|smash|unload\s+on)\b | \b(?:\d+|one|two|three|five|ten|few)\s*units?\b | \b(?:good|smart|wise|bad)\s+(?:idea\s+to\s+)?(?:bet|play|wager|stake|value\s+bet)\b | \bwhat(?:'s|\s+is)\s+(?:the\s+|your\s+)?(?:best|top|smartest|safest)\s+(?:bet|play|wager)\b
    | \b(?:put|throw|bet|stake|risk)\s+(?:it\s+all|everything|all|the\s+(?:farm|house|lot))\b | \bkelly\b.{0,40}\b(?:say|says|on|for|about|bet|stake|recommend\w*)\b | \bcash\s+(?:it\s+)?out\b | \blet\s+it\s+ride\b | \badvi[cs]e\b.{0,20}\b(?:stakes?|bets?|betting)\b | \bstakes?\b.{0,40}\b(?:advise|suggest|recommend|say)\b
    | \b(?:recomiendas?|aconsejas?|conviene|vale\s+la\s+pena)\b.{0,20}\b(?:apostar|apuesta|jugar)\w*
    | \bshould\s+(?:i|we|you)\b(?!.{0,25}\b(?:know|read|look|check|see|watch|expect|ask|understand|register|sign|start\s+reading)\b) | \bsmart\s+amount\b | \bsize\s+(?:my|this|the)\b | \bhow\s+big\s+(?:should|of\s+a\s+bet)\b | \btoo\s+much\s+(?:on|for)\b | \bhow\s+much\s+of\s+my\b | \bworth\s+(?:a\s+)?(?:shot|it|going|taking|playing)\b | \b(?:bet|play|fade|tail|take|back)\s+or\s+(?:pass|fade|follow|leave|lay|skip)\b | \btail(?:ing)?\b | \bcan\s+i\s+afford\s+to\s+(?:bet|lose|stake|put|risk)\b
    | \b(?:what|who|which)\b.{0,20}\b(?:do|would)\s+you\s+(?:\w+\s+)?(?:recommend|suggest|advise|lean|like|play)\b | \byour\s+lean\b | \b(?:give|make)\s+me\s+(?:a\s+)?(?:play|card|winner|bet)s?\b | \bgood\s+time\s+to\s+(?:bet|take|buy|back)\b | \b\d+u\b
    | \bqu[eé]\s+apuesta\b | \ba\s+qui[eé]n\s+(?:le\s+)?(?:apuesto|meto|voy|apostar)\b | \bcu[aá]nto\s+(?:le\s+)?(?:meto|pongo|apuesto|juego|echo)\b | \bbuena\s+apuesta\b
    | \bmartingale\b | \bgive\s+me\s+(?:a\s+)?(?:tip|winner|bet)s?\b | [$£€]\s?\d+(?!.*\b(?:pays?|payouts?|paying|returns?|profit)\b).{0,30}\b(?:on|bet|put)\b | \b(?:worth|safe|wise|smart|ok(?:ay)?)\s+to\s+(?:bet|back|put|stake|wager)\b
    """,
    _FLAGS,
)
_PROMISE = re.compile(
    r"""
      \bguarante\w+ | \b(?:apuesta|cosa|fija|jugada)s?\s+segura\w*\b | \bgarantizad\w+ | \block\s+(?:it|in|pick|bet)\b | \bcan'?t\s+lose\b | \bbanker\b | \bsure\s+(?:thing|bet|win|shot)\b | \blocks?\s+of\s+the\b | \b(?:a|any|your|the)\s+locks?\b | \bcan'?t\s+(?:lose|miss)\b | \brisk[ -]free\b
    | \bpromise\b | \b(?:certain|definitely|100\s?%|for\s+sure)\b.{0,30}\b(?:win|wins|winn\w+|hit|cover|lose)\b | \b(?:algo|pick|juego|ganador|equipo)\s+segur[oa]\b | \b(?:win|wins|hit|cover)\b.{0,20}\b(?:for\s+sure|100\s?%|guaranteed|certain)\b
    | \bsomething\s+safe\b | \bfree\s+wins?\b | \b(?:no|zero)[- ]risk\b | \b100\s?(?:percent|%)\s+(?:winner|sure|lock|guarantee\w*)\b | \bmake\s+me\s+(?:rich|money)\b | \beasy\s+money\b | \bwhich\s+(?:bet|pick|one)s?\s+(?:will|is\s+going\s+to|are\s+going\s+to)\s+(?:hit|win|cash)\b | \bla\s+fija\b | \bbank\s+on\b
    | \bfixed\s+(?:match|game)\w*\b | \b(?:match|game)\w*\s+(?:is|are)\s+fixed\b | \bfree\s+money\b | \bget\s+rich\b | \binside\s+info\w*\b | \bsystem\s+that\s+(?:always\s+)?(?:wins|works)\b | \balways\s+wins?\b
    """,
    _FLAGS,
)
_SECRET = re.compile(
    r"""
      \b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|rule|prompt|previous|above|safety|check|guideline|everything)\w*
    | \bsystem\s+(?:prompt|message)\b | \b(?:your|the|hidden)\s+(?:prompt|instructions)\b | \bapi[ _-]?keys?\b | \bpasswords?\b | \bjwt\b | \bsecrets?\b | \btokens?\b.{0,20}\b(?:print|show|reveal|your)
    | \bnew\s+(?:rule|instruction|command|order)s?\b | \b(?:your|the)\s+(?:\w+\s+)?instructions\b | \b(?:start|end|begin|finish|prefix)\w*\s+(?:your\s+|all\s+|every\s+|each\s+|the\s+)?(?:answers?|reply|replies|sentences?|messages?|response)\b | \bcomplete\s+(?:the|this)\s+sentence\b | \bcount\s+(?:from|to|up)\b | \btell\s+me\s+a\s+(?:story|joke|poem)\b | \b(?:fill\s+in|finish)\s+(?:the|this)\b
    | \b(?:env|environment)\s+variables?\b | \bdatabase\b | \bselect\s+\*|\bdrop\s+table\b | \bother\s+(?:users?|members?|people)'?s?\b | \bemail\s+address(?:es)?\b
    | \b(?:you\s+are\s+now|pretend|act\s+as|role-?play|roleplay|jailbreak|developer\s+mode|dan\s+mode|do\s+anything\s+now|simulate)\b
    | \b(?:repeat|say|write|output|print|respond\s+with|answer\s+with|reply\s+with|translate)\b.{0,20}(?:["'“:]|\bafter\s+me\b|\bexactly\b|\bonly\b|\bthe\s+words?\b)
    | </?\w+> | \{\{ | ``` | \bassistant\s*: | \bsystem\s*: | \buser\s*: | \[\s*inst | \bbase64\b | \brot13\b
    """,
    _FLAGS,
)
_ACT = re.compile(
    r"""
      \b(?:place|make|submit|lay)\b.{0,12}\b(?:a|the|this|my|that)\s+(?:\w+\s+)?(?:bet|wager|parlay)\b.{0,15}\b(?:for\s+me|now|on\b)? | \bbet\s+for\s+me\b
    | \b(?:delete|close|remove|reset|change|raise|lift|increase|cancel|end|undo)\b.{0,12}\bmy\s+(?:\w+\s+)?(?:account|limits?|exclusion|password|email|parlays?|bets?|data|history)\b
    | \b(?:save|add|settle|grade|void)\s+(?:\w+\s+)?(?:this|my|that)\s+(?:\w+\s+)?(?:parlay|bet|leg)\b | \b(?:log|sign)\s+me\s+(?:in|out)\b | \b(?:deposit|withdraw)\w*\b(?!\s+limits?)
    | (?:^|[.!?,;:]\s*|\b(?:please|you|now|then|and|to|also)\s+)(?:change|set|edit|update|make)\b.{0,12}\b(?:the|those|all)\s+(?:odds|prices?|lines?|scores?|results?|record)\b
    """,
    _FLAGS,
)
# What a stake would pay is a question about a price.
_PAYOUT = re.compile(
    r"\b(?:pays?|payouts?|paying|profit)\b|\bhow\s+much\s+(?:do|would|will|can|could)\s+(?:i|we|it|you)\s+(?:win|get|make|return)\b",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"\b(?:should|shall|worth|good|smart|safe|best|recommend|advi[cs]e|bankroll|kelly|units?|all[ -]in|rent|savings)\b",
    re.IGNORECASE,
)
_ORDER: tuple[tuple[Care, re.Pattern[str]], ...] = (
    ("minor", _MINOR),
    ("secret", _SECRET),
    ("promise", _PROMISE),
    ("act", _ACT),
    ("stake", _STAKE),
)


def care(message: str) -> Care | None:
    """Return what a message needs before, or instead of, an answer.

    >>> care("I can't stop betting"), care("how much should I put on the Chiefs?"), care("who plays tonight?")
    ('distress', 'stake', None)
    """
    message = message.replace("\u2019", "'")
    if is_distress(message):
        return "distress"
    payout = _PAYOUT.search(message) is not None and not _ADVICE.search(message)
    return next(
        (kind for kind, pattern in _ORDER if pattern.search(message) and not (kind == "stake" and payout)),
        None,
    )

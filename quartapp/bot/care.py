"""What goes before any answer: a person in need, a wish for advice on stakes, an attempt to make the bot say or do else.

Patterns and not a model, because the first answer to a cry for help must not depend on anything that can fail.
"""

# ruff: noqa: E501 - a row of the table reads better whole

from __future__ import annotations

import re
from typing import Literal

Care = Literal["distress", "minor", "stake", "promise", "secret", "act"]

_FLAGS = re.VERBOSE | re.IGNORECASE
_DISTRESS = re.compile(
    r"""
      \bsuicid(?!\w*\s+(?:squeeze|squad|pool))\w* | \bkill(?:ing)?\s+my\s?self\b | \bend(?:ing)?\s+(?:it\s+all|my\s+life)\b | \bself[ -]?harm\w* | \bhurt(?:ing)?\s+my\s?self\b
    | \b(?:want|wanna|going|better\s+off)\s+(?:to\s+)?(?:die|dead)\b | \bno\s+(?:reason|point)\s+(?:to|in)\s+liv\w+
    | \b(?:can'?t|can\s?not|unable\s+to|don'?t\s+know\s+how\s+to)\s+stop\s+(?:\w+\s+)?(?:bet\w*|gambl\w*|wager\w*|chas\w*|losing)
    | \baddict(?:ed|ion)?\b | \b(?:gambling|betting)\s+(?:problem|problems|disorder|debts?|is\s+ruining|has\s+ruined|ruined)\b | \bproblem\s+gambl\w*
    | \b(?:lost|losing|gambled|bet|blew|blown|spent)\s+(?:away\s+)?(?:all\s+)?(?:of\s+)?(?:my|our)\s+(?:life\s+|last\s+|whole\s+|entire\s+)?
      (?:savings?|rent|house|home|wages?|salary|paycheck|pay|family|mortgage|tuition|job|money|marriage|kids|children)\b
    | \b(?:lost|losing|gambled|blew|blown)\s+(?:away\s+)?(?:everything|it\s+all|so\s+much|too\s+much|thousands)\b
    | \bchas(?:e|ing)\s+(?:my\s+|the\s+)?loss(?:es)?\b | \b(?:win|get)\s+(?:it|my\s+(?:money|losses))\s+(?:all\s+)?back\b
    | \b(?:borrow\w*|loans?|stole|stolen|steal\w*)\b.{0,30}\b(?:bet\w*|gambl\w*) | \b(?:bet\w*|gambl\w*)\b.{0,30}\b(?:borrow\w*|loan|stole|stolen)
    | \bin\s+(?:deep\s+)?debt\b | \bhelp\s+me\s+(?:stop|quit)\b | \b(?:hiding|hide|lying|lied)\b.{0,30}\b(?:gambl\w*|bet(?:s|ting)?|loss(?:es)?)
    | \b(?:point|use)\s+(?:of|in)\s+(?:living|life|going\s+on|being\s+alive)\b | \bjump\s+(?:off|from|in\s+front\s+of)\b | \boverdos\w* | \bcut(?:ting)?\s+my\s?(?:self|wrists?)\b | \bi\s+cut\s+myself\b
    | \b(?:can'?t|cannot)\s+do\s+this\s+any\s?more\b | \bbetter\s+off\s+(?:without\s+me|if\s+i)\b | \b(?:no\s?(?:body|\s?one)|nobody)\s+(?:would|will)\s+(?:miss|care\s+(?:about|if))\b | \bi\s+hate\s+(?:myself|my\s+life)\b
    | \b(?:i|i'?ve|have)\s+relaps\w+ | \brelapsed\s+(?:again|last|today|tonight) | \bi\s+(?:just\s+)?keep\s+(?:on\s+)?(?:gambl\w*|bett?ing|losing|chasing)\b | \b(?:quit|stop|give\s+up|cut\s+down)\s+(?:on\s+)?(?:gambl\w*|betting|my\s+bett?ing)\b | \bin\s+(?:so\s+much|massive|huge|serious|too\s+much|a\s+lot\s+of)?\s*debts?\b
    | \b(?:gambl\w*|bett?ing)\s+(?:is\s+|has\s+)?(?:destroy\w*|ruin\w*|wreck\w*|tak\w+\s+over|control\w*|out\s+of\s+control)\b | \b(?:owe|owing)\s+(?:my\s+|a\s+|the\s+)?(?:bookie|loan\s?shark|dealer)\b | \b(?:hate|ashamed\s+of|sick\s+of)\s+(?:\w+\s+){0,2}(?:bett?ing|gambl\w*)\b
    | \b(?:can'?t|cannot|afraid\s+to|scared\s+to|didn'?t|haven'?t)\s+(?:tell|told)\s+(?:my|anyone|anybody)\b | \bbet(?:ting)?\s+(?:addict\w*|compulsi\w*)\b | \bcompulsive\b
    | \bproblemas?\s+(?:con|de)\s+(?:el\s+juego|juego|las\s+apuestas|apuestas)\b | \b(?:desesperad[oa]|arruinad[oa]|endeudad[oa])\b | \bdejar\s+de\s+(?:apostar|jugar)\b
    | \bveux\s+(?:plus\s+vivre|mourir)\b | \bnicht\s+mehr\s+leben\b | \b(?:will|möchte)\s+sterben\b | \bmich\s+umbringen\b | \bspielsücht\w* | \bjoueur\s+compulsif\b | \bquero\s+morrer\b
    | \b(?:wish\s+i\s+(?:was|were)|rather\s+be)\s+dead\b | \blife\s+is(?:n'?t|\s+not)\s+worth\b | \b(?:nothing|no\s+reason)\s+(?:left\s+)?to\s+live\b | \b(?:about|of)\s+dying\b | \bgoing\s+to\s+hurt\s+(?:some\w*|him|her|them)\b
    | \b(?:gambl\w*|bett?ing)\s+(?:took|cost|has\s+taken|has\s+cost)\s+(?:me\s+)?(?:every\w*|my|all)\b | \bbroke\s+(?:because|from|due)\b | \b(?:talk|speak)\s+to\s+(?:some\w*|any\w*)\b.{0,25}\b(?:bet\w*|gambl\w*)
    | \b(?:someone|somebody|anyone|anybody)\s+(?:i\s+can\s+|to\s+)talk\s+to\b | ^\W*(?:please\s+)?help\s+me(?:\s+please)?\W*$ | \bcan'?t\s+(?:afford|sleep|eat|pay)\b.{0,40}\b(?:bet\w*|gambl\w*|loss\w*|lost) | \b(?:maxed|pawn\w*|sold|mortgag\w*)\b.{0,40}\b(?:bet\w*|gambl\w*)
    | \bvoices\b.{0,20}\b(?:tell|say)\w*\b | \blie\s+to\s+\w+\b.{0,25}\b(?:bet\w*|gambl\w*) | \b(?:needs?|no)\s+(?:food|money\s+for\s+food|diapers|medicine)\b.{0,30}\b(?:bet|gambl\w*)
    | \bkms\b | \bunalive\b | \b(?:don'?t|do\s+not)\s+(?:want\s+to|wanna)\s+(?:live|be\s+(?:here|alive)|wake\s+up|exist|go\s+on)\b | \b(?:can'?t|cannot)\s+(?:go\s+on|cope|take\s+(?:it|this)\s+any\s?more)\b
    | \b(?:husband|wife|partner|son|daughter|brother|sister|mother|father|mom|mum|dad|friend)\b.{0,40}\b(?:gambl\w+|bets?\s+(?:too\s+much|everything))\b
    | \b(?:quiero|voy\s+a|deseo)\s+(?:morir\w*|matarme|suicidarme)\b | \bme\s+(?:quiero|voy\s+a)\s+(?:morir|matar|suicidar)\b | \bno\s+quiero\s+(?:seguir\s+)?vivi\w+ | \bacabar\s+con\s+(?:mi\s+vida|todo)\b
    | \bno\s+(?:puedo|consigo|logro)\s+(?:dejar|parar)\s+de\s+(?:apostar|jugar|perder)\b | \blud[oó]p\w* | \badict[oa]s?\b | \badicci[oó]n\b
    | \b(?:perd[ií]|apost[eé]|gast[eé]|jugu[eé])\s+(?:todo|toda|mi|mis|el\s+alquiler|la\s+renta|los?\s+ahorros|demasiado)\b | \bayuda\s+(?:con|por)\s+(?:mis?\s+)?(?:el\s+juego|las\s+apuestas|apuestas|juego|mi\s+adicci[oó]n)\b
    | \bruin(?:ed|ing)\s+my\s+life\b | \bhopeless\b | \bdesperate\b | \bself[ -]exclu\w*\s+(?:myself|me)\b | \bneed\s+help\s+(?:with\s+)?(?:my\s+)?(?:gambl\w*|bet\w*)
    """,
    _FLAGS,
)
# Somebody too young, or who asks for one: no price is told.
_MINOR = re.compile(
    r"""
      (?<!like\s)(?<!if\s)\bi(?:'?m|\s+am)\s+(?:only\s+|just\s+|a\s+)?(?:[5-9]|1\d|20)(?=\W*$|[\s,.]+(?:(?:and|but|so|can|could|may|years?|yo|yrs?|is|am|do|what|which|who)\b))
    | \b(?:[5-9]|1[0-7]|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen)[ -]?(?:years?[ -]olds?|yrs?[ -]old|y/?o)\b
    | \b(?:my|our)\s+(?:\w+\s+)?(?:son|daughter|kid|child|brother|sister|nephew|niece|student)s?\b.{0,20}\b(?:is|are|aged?|who'?s)\b.{0,20}\b(?:[5-9]|1\d|young|minor)\b
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
    | \bmartingale\b | \bgive\s+me\s+(?:a\s+)?(?:tip|winner|bet)s?\b | [$£€]\s?\d+(?!.*\b(?:pays?|payouts?|paying|returns?|profit)\b).{0,30}\b(?:on|bet|put)\b | \b(?:worth|safe|wise|smart|ok(?:ay)?)\s+to\s+(?:bet|back|put|stake|wager)\b
    """,
    _FLAGS,
)
_PROMISE = re.compile(
    r"""
      \bguarante\w+ | \b(?:apuesta|cosa|fija|jugada)s?\s+segura\w*\b | \bgarantizad\w+ | \block\s+(?:it|in|pick|bet)\b | \bcan'?t\s+lose\b | \bbanker\b | \bsure\s+(?:thing|bet|win|shot)\b | \blocks?\s+of\s+the\b | \b(?:a|any|your|the)\s+locks?\b | \bcan'?t\s+(?:lose|miss)\b | \brisk[ -]free\b
    | \bpromise\b | \b(?:certain|definitely|100\s?%|for\s+sure)\b.{0,30}\b(?:win|wins|hit|cover|lose)\b | \b(?:win|wins|hit|cover)\b.{0,20}\b(?:for\s+sure|100\s?%|guaranteed|certain)\b
    | \bfixed\s+(?:match|game)\w*\b | \b(?:match|game)\w*\s+(?:is|are)\s+fixed\b | \bfree\s+money\b | \bget\s+rich\b | \binside\s+info\w*\b | \bsystem\s+that\s+(?:always\s+)?(?:wins|works)\b | \balways\s+wins?\b
    """,
    _FLAGS,
)
_SECRET = re.compile(
    r"""
      \b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|rule|prompt|previous|above|safety|check|guideline|everything)\w*
    | \bsystem\s+(?:prompt|message)\b | \b(?:your|the|hidden)\s+(?:prompt|instructions)\b | \bapi[ _-]?keys?\b | \bpasswords?\b | \bjwt\b | \bsecrets?\b | \btokens?\b.{0,20}\b(?:print|show|reveal|your)
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
    | \b(?:save|add|settle|grade|void)\s+(?:\w+\s+)?(?:this|my|that)\s+(?:\w+\s+)?(?:parlay|bet|leg)\b | \b(?:log|sign)\s+me\s+(?:in|out)\b | \b(?:deposit|withdraw)\w*\b
    | \b(?:change|set|edit|update|make)\b.{0,12}\b(?:the|those|all)\s+(?:odds|prices?|lines?|scores?|results?|record)\b
    """,
    _FLAGS,
)
_ORDER: tuple[tuple[Care, re.Pattern[str]], ...] = (
    ("distress", _DISTRESS),
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
    return next((kind for kind, pattern in _ORDER if pattern.search(message)), None)

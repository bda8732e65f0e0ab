"""What a message is about: the words of each topic."""

# ruff: noqa: E501 - a row of the table reads better whole

from __future__ import annotations

import re
from typing import Literal

Topic = Literal[
    "help", "age", "rules", "glossary", "record", "picks", "parlay", "injuries", "movement", "spread", "total", "price",
    "chance", "score", "form", "schedule", "status", "sports", "books", "able", "game", "line", "own", "odds", "stranger", "priced", "closing", "hold", "arbitrage", "absent",
]  # fmt: skip

FOR_A_GAME: frozenset[Topic] = frozenset(
    (
        "closing",
        "hold",
        "injuries",
        "movement",
        "spread",
        "total",
        "price",
        "chance",
        "score",
        "form",
        "schedule",
        "game",
    )
)
GENERAL: frozenset[Topic] = frozenset(
    ("help", "age", "rules", "glossary", "record", "picks", "parlay", "own", "odds")
)

_TOPICS: tuple[tuple[Topic, str], ...] = (
    (
        "help",
        r"\bhelp\s?lines?\b|\bhot\s?line|\bgambl\w+ (?:help|support)|\bresponsible\b|\bself[- ]exclu|\bgambl(?:ers?|ing) anonymous|\bga meetings?|\bget(?:ting)? help\b"
        r"|\b(?:take|keep|lock|kick|throw|get) me (?:off|out|away|from)\b|\b(?:close|delete) my account\b|\b(?:control|limit|reduce|cut) (?:my |how much i )?(?:bet\w*|gambl\w*|spend\w*|losses)\b|\b(?:deposit|loss|time|stake|spending) limits?\b|\btake a break\b|\b(?:block|ban|lock|exclude|bar|stop)\s+(?:myself|me|my account)\b|\bself[- ]?ban\w*|\bcool(?:ing)?[- ]?off\b|\btime[- ]?out\b(?=.*\b(?:bet\w*|gambl\w*|account)\b)|\bset (?:a )?limits?\b|\bwho can i talk to",
    ),
    (
        "age",
        r"\b(?:legal|lawful|minimum|min)\s+(?:betting\s+|gambling\s+)?age\b|\bhow old\b(?! (?:are|is) (?:the|your|these|this))|\bold enough\b|\b\d{2}[- ]?years?[- ]?olds?\b|\b(?:1[89]|20|21)\b(?=.*\b(?:legal|allowed|can (?:i|you|they|we) (?:bet|gamble|play))\b)|\bunder ?age\b|\bage limit\b",
    ),
    (
        "rules",
        r"\brules?\b|\bpenalt\w*\b|\bmin(?:imum)?\b.*\b(?:minutes|innings|play)\b|\bhow many (?:innings|minutes)\b|\bto count\b|\bcounts?\b|\bscore\b.*\bcorrect|\bcorrect\w*\b(?! score (?:odds|price|bet|market))(?:.*\bscore)|\brefund\w*\b|\bpush(?:es|ed)?\b|\bvoid(?:ed)?\b|\bpostponed?\b|\bcancell?ed\b|\bovertime\b|\bextra (?:time|innings)\b|\bsettled?\b"
        r"|\bsettlement\b|\bgraded?\b|\babandoned\b|\bsuspended\b|\bshoot-?outs?\b|\bhalf[- ](?:won|win|lost|loss)\b|\bquarter (?:line|handicap|ball)"
        r"|\bdead heat\b|\btie(?:s|d)?\b|\bdrops? out\b|\brained? out\b|\brainout\b|\bno contest\b|\bcorrected\b",
    ),
    (
        "glossary",
        r"\bwhat(?:'s| is| are| does| do)\b.*\b(?:hold|vig|juice|edge|expected value|ev|moneyline|money line|spread|handicap|total|over/under|kelly|consensus"
        r"|closing line value|clv|no-vig|implied probability|american odds|decimal odds|fractional|parlay|accumulator|same[- ]game|arbitrage|roi)\b(?:\s+(?:mean|bet|bets|odds))?\s*\??$"
        r"|^\W*why (?:do|does|did|is|are|would)\b|\bexplain\b|\beli5\b|\bhow (?:do|does|can|would|to) (?:(?:you|one|i|we) )?(?:remove|take out|strip|get rid of|account for)\b|\b(?:american|decimal|fractional)\b.*\b(?:vs|versus|or|and|difference|different)\b.*\b(?:american|decimal|fractional|odds)\b|\bwhat(?:'s| is| are| does| do)\s+(?:an? |the )?(?:ats|o/u|ou|ml|chalk|dogs?|underdogs?|favou?rites?|cover|covering|hedge|hedging|pick'?em|puck ?line|run ?line|teasers?|round robin|middle|middling|line movement|moneylines?|totals?|spreads?|over[ /-]under|draw no bet|closing line)(?: mean| bet| stand for)?\W*$|\bmeaning\b|\bhow (?:do|can|should) (?:i|you|we) read\b|\bmeaning of\b|\bdefine\b|\bhow do (?:american|decimal|fractional|parlay)|\bhow (?:is|are) .*\b(?:calculated|worked out|measured)\b",
    ),
    (
        "odds",
        r"(?<![\w.])[+-]\d{3,5}(?![\w.])|(?<![\w./])\d{1,3}/\d{1,3}(?![\w./]).*\b(?:odds|decimal|american|percent\w*|implied|probability|mean)\b|\b(?:convert|odds|decimal|american|percent\w*|implied)\b.*(?<![\w./])\d{1,3}/\d{1,3}(?![\w./])|\bevens\b|\beven money\b|\bno[- ]?vig\b|\bbreak[- ]?even\b|\bconvert\w*\b|\bimplied prob\w* of\b|\bwhat(?:'s| is| does| do| are)?\s+(?:odds (?:of|like)\s+)?[+-]\d{3,}|\bin (?:decimal|american|fractional)\b|\b(?:decimal|american|fractional) (?:of|for) [+-]?\d",
    ),
    ("closing", r"\bclosing (?:line|odds|price|number|spread|total)s?\b(?! value)|\bclosed? at\b"),
    ("arbitrage", r"\barbs?\b|\barbitrage\b|\bsure ?bets?\b|\bmiddles?\b(?!\s+of)"),
    ("hold", r"\bhold\b|\bvig\b|\bjuice\b|\bmargin\b|\boverround\b"),
    (
        "own",
        r"\bmy\b(?:\s+\w+){0,2}\s+(?:parlays?|bets?|tickets?|slips?|record|history|results?|account|winnings)\b",
    ),
    (
        "record",
        r"\bhow (?:did|do|have|are|were)\b.*\bpicks?\b|\bpicks?\b.*\b(?:done|doing|perform\w*|record|accura\w*|so far|hit|win|won|lose|lost)\b|\btrack record\b|\brecord\b(?! (?:high|low))|\bhow (?:good|accurate|reliable|well) (?:are|is|have|do|did)\b|\broi\b|\bhit rate\b|\bwin rate\b|\byour (?:results|performance|accuracy)\b"
        r"|\blog loss\b|\b(?:do|did|have|are|can) you (?:guys |people |even |really |actually |ever |all )*(?:win|won|winning|right|make money|any good|profitable|beat)\b|\bhow often\b.*\byou\b|\bbrier\b|\bcalibrat\w+|\bclosing line value\b|\bclv\b|\bprofitable\b|\bmade money\b|\bpast performance\b|\bbeat(?:en|ing)? the clos\w+|\b(?:your|past|historical) performance\b",
    ),
    (
        "picks",
        r"(?:\bplus|\+|\bpositive)\s?ev\b|\bbest (?:edge|value)\b|\bvalue (?:bets?|plays?|picks?)\b|\bpicks?\b|\btips?\b(?!-|\s*off)|\bvalue today\b|\btoday'?s value\b",
    ),
    (
        "parlay",
        r"\bparlays?\b|\baccumulators?\b|\baccas?\b|\bsame[- ]game\b|\bsgp\b|\blegs?\b|\bsuggest\w*\b|\bteaser\b",
    ),
    (
        "injuries",
        r"\binjur\w*|\bbanged up\b|\bteam news\b|\bruled out\b|\bday[- ]to[- ]day\b|\bsit(?:s|ting)? out\b|\b(?:is|are|be) resting\b|\bgame[- ]time decision\b|\bgtd\b|\binactives?\b|\bsuit(?:s|ing)? up\b|\bnicked up\b|\bwho(?:\'s| is) (?:in|active|playing)\b(?! (?:today|tonight|tomorrow))|\bis (?:he|she) playing\b|\bwill .+ (?:play|start)\W*$|\bis [\w\' ]+ playing\W*$|\bhurt\b|\bquestionable\b|\bdoubtful\b|\bsidelined\b|\blineups?\b|\bwho(?:'s| is) out\b|\bout for\b|\bhealthy\b|\bmissing\b|\bavailab\w+|\bfit to play\b|\bwho(?:'s| is) playing for\b",
    ),
    (
        "movement",
        r"\bmov(?:e|ed|es|ing|ement)\b|\bopen(?:ed|er|ing)\b|\bdrift\w*|\bshift\w*|\bsteam\w*|\bline history\b|\bchanged?\b",
    ),
    (
        "spread",
        r"\bspreads?\b|\bah\b|\bplus the points\b|\bminus the points\b|\bhow big (?:of )?an? (?:favou?rite|underdog)\b|\bhandicaps?\b|\blines?\b|\bats\b|\bgetting\b|\bpoints?\b.*\bget\b|\bgiving\b|\blaying\b|\bpoints? (?:favou?rite|underdog|dog)|\bpuck ?line\b|\brun ?line\b|\bcover\b",
    ),
    (
        "total",
        r"\btotals?\b|\bou\b|\bover[ /-]?under\b|\bo/u\b|\bovers?\b|\bunders?\b|\bhow many (?:points|goals|runs)\b(?!.*\b(?:get|getting|giving|laying|lay)\b)",
    ),
    (
        "price",
        r"\bodds\b|\bprices?\b|\bpriced\b|\bmoney ?lines?\b|\bml\b|\bquot\w+|\bpay(?:s|ing|out)?\b|\bbest (?:book|place|number)\b|\bget the (?:most|best)\b|\bwhere (?:can|do|should) i (?:get|find|bet)\b|\bwhat (?:would|do|can) i get\b|\bmost for\b|\bto win outright\b|\bwhich (?:book|sportsbook|bookie)\w*\b|\bdecimal\b|\bamerican\b"
        r"|\bhold\b|\bvig\b|\bjuice\b|\bedge\b|\bexpected value\b|\bshop\w*\b|\boffer\w*",
    ),
    (
        "chance",
        r"\bchances?\b|\bprobabilit\w+|\blikely\b|\blikelihood\b|\bwho(?:'s| is| will| wins?| would| gets?| do you)\b.*\b(?:win|wins|winning|favou?red|favou?rites?|beat|take)\b|\bwho wins\b|\bfavou?rites?\b|\bunderdogs?\b|\bfavou?red\b"
        r"|\bpredict\w*|\bfavs?\b|\bfaves?\b|\bclosest (?:game|match)\w*|\b(?:biggest|heaviest|largest) (?:\w+ )?(?:dogs?|chalk|long ?shots?)\b|\bcoin ?flips?\b|\bforecast\b|\bpercent\w*|\bwill (?:the )?.+ (?:win|beat)\b|\bimplied\b|\bconsensus\b|\bfair\b",
    ),
    (
        "score",
        r"\bscores?\b|\bfinals\b|\bwhat happened\b|\bresults?\b|\bfinal\b|\bwho won\b|\bdid .+ (?:win|lose|beat)\b|\bwinning\?|\bleading\b|\bahead\b|\bhow did\b|\bended\b|\bby how (?:many|much)\b|\b(?:won|win|lost|lose) by\b|\bhow (?:many|much) did\b|\b(?:are|is)\b.*\b(?:winning|losing|up|down|ahead|behind)\b\W*$|\b(?:game|match) over\b|\bover yet\b|\bfinished\b|\btime (?:is )?(?:left|remaining)\b|\b(?:what|which) (?:quarter|period|inning|half|minute)\b|\bhow (?:long|much) (?:is )?left\b",
    ),
    (
        "form",
        r"\bform\b|\brecently\b|\blast (?:\w+ )?games\b|\bstreak\b|\blast (?:few|couple|\d+|five|ten|three)\b|\brecent (?:results|games|matches)\b|\b(?:last|past) (?:results|matches)\b|\bhow (?:has|have)\b.*\b(?:been|played|done)\b|\bhot or cold\b|\blately\b",
    ),
    (
        "schedule",
        r"\bwhen\b|\bwhat time\b|\byesterday\b|\blast night\b|\bschedule\w*\b|\bfixtures?\b|\bnext\b|\btoday\b|\btonight\b|\btomorrow\b|\bthis week(?:end)?\b|\bupcoming\b|\bkick ?off\b|\btip-?off\b|\bstarts?\b|\bgames? (?:on|are)\b|\bwho (?:do|does|are|is) .+ play\w*\b|\bwho plays\b|\bplay(?:s|ing)? (?:next|today|tonight|tomorrow)\b"
        r"|\bwhich games\b|\bwhat games\b|\blist .*games\b|\bany games\b|\bgames\b|\bwhere\b",
    ),
    (
        "status",
        r"\bwhat data\b|\bdata do you\b|\bhow (?:fresh|old|recent|up[- ]to[- ]date)\b|\bup[- ]to[- ]date\b|\blast updated?\b|\bupdated\b|\bstale\b|\bdown\b|\bworking\b|\bsource of\b|\bwhere .* (?:data|numbers|odds) come\b|\bdata source\b|\blive data\b|\bsandbox\b",
    ),
    (
        "sports",
        r"\b(?:which|what|list|all) (?:\w+ )?(?:sports|leagues)\b|\bdo you (?:cover|have|know) (?:the )?(?:nfl|nba|nhl|mlb|epl|soccer|football|tennis|golf|cricket)\b|\btennis\b|\bgolf\b|\bcricket\b|\bufc\b|\bmma\b|\bboxing\b|\bnascar\b|\bf1\b|\bformula (?:1|one)\b|\brugby\b|\bhorse rac\w+|\bipl\b|\bdarts\b|\be-?sports\b|\bla liga\b|\bserie a\b|\bbundesliga\b|\bligue 1\b|\bchampions league\b|\bcfl\b|\bafl\b|\bkbo\b|\bnpb\b|\bpga\b|\batp\b|\bwta\b|\bdo you (?:cover|support|offer)\b|\bin season\b|\boff-?season\b|\bsports (?:do|are)\b",
    ),
    (
        "books",
        r"\b(?:which|what|list|how many|all) (?:\w+ )?(?:books|bookmakers|bookies|sportsbooks)\b|\bbooks do you\b",
    ),
    (
        "able",
        r"\bwhat can (?:you|i)\b|\bwhat do you (?:do|know)\b|\bhow do(?:es)? (?:you|this|it) work\b|\bwho are you\b|^\s*(?:hi|hello|hey|help|yo|hola|start|thanks|thank you)\W*$|\bare you (?:an? )?(?:real )?(?:bot|ai|human|robot|person|machine)\b|\bhow can you help\b",
    ),
)
_COMPILED = tuple((topic, re.compile(pattern, re.IGNORECASE)) for topic, pattern in _TOPICS)


def topics_of(message: str) -> list[Topic]:
    """Return every topic that a message has a word of.

    >>> topics_of("who is out, and the spread?")
    ['injuries', 'spread']
    """
    return [topic for topic, pattern in _COMPILED if pattern.search(message)]

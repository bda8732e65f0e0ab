"""What no document has: asked for by name, or in a word that nothing here explains."""

# ruff: noqa: E501 - a row of the table reads better whole

from __future__ import annotations

import re

from quartapp.bot.catalogue import Catalogue
from quartapp.bot.lexicon import BOOK_WORDS, MONTHS, NICKNAMES, STARTERS, WEEKDAYS
from quartapp.bot.spelling import BOOK_SHORT, CODES, EVERYDAY, PLACE_WORDS, SHORT, SPORT_WORDS

_BEYOND = re.compile(
    r"""
      \bweather\b | \brain(?:s|ing|y)?\b(?!\s?ed?\s?out) | \bsnow\w*\b | \bwind(?:y|s)?\b | \btemperature\b | \bforecast\b(?=.*\b(?:weather|rain|snow)) | \bhumid\w* | \b(?:cold|hot)\s+(?:is|will|outside)\b | \bdome\b | \bstadium\b | \bvenue\b | \barena\b
    | \bref(?:s|erees?)?\b | \bumpires?\b | \bofficials\b | \bcoach\w*\b | \btrainer\b | \bowner\b | \broster\b | \bdepth\s+chart\b | \bstarting\s+(?:five|eleven|xi|lineup|pitchers?|qb|goalie)\b | \bprobable\s+pitchers?\b | \bqb\b | \bquarterback\b
    | \btv\b | \bchannel\b | \bstream(?:ing|s)?\b | \b(?:watch|broadcast|televised|aired)\b | \btickets?\s+(?:cost|price|for\s+sale)\b | \bhighlights?\b | \battendance\b
    | \bprops?\b | \bplayer\s+(?:lines?|bets?|markets?|stats?)\b | \b(?:anytime|first|last|any\s?time)\s+(?:td|touchdown|goal|basket|scorer|goalscorer)\b | \b(?:goal)?scorers?\b | \btouchdowns?\b(?!\s+(?:spread|line)) | \btds?\b
    | \b(?:passing|rushing|receiving)\b | \byards?\b | \brebounds?\b | \bassists?\b | \bstrikeouts?\b | \bhome\s?runs?\b | \bcorners?\b | \b(?:yellow|red)\s+cards?\b | \bshots?\s+on\b | \bsaves\b | \btriple[- ]double\b | \bstats?\b | \bstatistics\b
    | \b(?:first|1st|second|2nd|third|3rd|fourth|4th)\s+(?:half|quarter|period|inning|set|5|five)(?!\s+ot\b)\b(?=.*\b(?:line|spread|total|odds?|price|over|under|ml|moneyline|winner|bets?|score|win)\b) | \b(?:1h|2h|1q|2q|3q|4q|f5)\b | \bhalf[- ]?time\b | \bteam\s+totals?\b | \balt(?:ernate|ernative)?\s+(?:lines?|spreads?|totals?)\b | \bcorrect\s+score\s+(?:odds|price|bet)\b | \bbtts\b | \bboth\s+teams\s+(?:to\s+)?score\b | \bdraw\s+no\s+bet\b | \bdouble\s+chance\b | \bwinning\s+margin\b
    | \bfutures?\b | \b(?:win|wins|winner\s+of|odds\s+(?:for|of|on))\s+the\s+(?:super\s?bowl|title|league|championship|division|conference|cup|world\s+series|finals|stanley\s+cup)\b | \bsuper\s?bowl\b | \bmvp\b | \bheisman\b | \bchampions(?:hip)?\b | \bworld\s+series\b | \bstanley\s+cup\b | \bworld\s+cup\b | \bplayoffs?\b | \brelegat\w+ | \bseason\s+wins\b | \bdraft\s+(?:pick|order|odds)\b
    | \bstandings?\b | \branking\w*\b | \bpower\s+rank\w* | \bhead[- ]to[- ]head\b(?!\s+(?:odds|price|market|line|bet)) | \bh2h\s+(?:history|record|stats)\b | \b(?:all[- ]time|historical)\b | \blast\s+(?:met|meeting|season|year)\b | \btrades?\b(?=.*\bplayer) | \bcontract\b | \bsalary\s+cap\b | \btransfer\b
    | \b(?:public|sharp|square)\s+(?:money|bets?|betting|action|side|on)\b | \bsharps?\b | \bbet(?:ting)?\s+(?:splits?|percentages?)\b | \bhandle\b | \bsteam\s+moves?\b | \bwho\s+(?:is|are)\s+(?:everyone|people|the\s+public)\b | \bpromos?\b | \bbonus(?:es)?\b | \bsign[- ]?up\b | \bfree\s+bets?\b
    | \bpoem\b | \bjokes?\b | \bsong\b | \brecipe\b | \bessay\b | \bhomework\b | \b(?:python|javascript)\b | \bcapital\s+of\b | \bpresident\b | \bstocks?\b(?!\s+up) | \bbitcoin\b | \bcrypto\w*
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Words that a question may be made of, whose meaning is in its topic, its teams or nowhere.
_COMMON = frozenset(
    """
    a able about above across actual actually after again against ago ah all almost already also alright always am american an and another any anybody anyone anything anyways are around as ask at ats available average away
    awesome back backed bad based be beat beaten beating beats because been before begin begins behind being below best bet bets better betting between big bigger bit bookie bookies book books bookmaker bookmakers both bro bruh but buddy by
    called can cap card cards chance chances cheap cheaper cheapest check clear clock close closed closing closer come comes coming compare compared comparison competing competition confirm confirmed consensus cool cost could country cover covered covering covers current currently cut date day days
    deal dear decimal details did difference different do does dog dogs doing done down draw draws dude due during each early earlier easy edge either else end ended ending ends english enough er even evening event events ever every everybody everyone everything evens exact exactly expect
    expected expert explain fair far fav fave favor favored favorite favorites favour favoured favourite favourites few figure figures final finals find fine finish finished first fixture fixtures fluctuate follow following football for form format fraction fractional free from full fun gap game games gave general get gets getting
    give gives giving go goes going gone gonna good gorilla got gotta great group guess guy guys had half handicap handicaps handy happen happened happening happens hard has hate have having he head healthy hear heard hello help her here hey hi high higher highest him his hit hold hmm home hope hot hour hours how however i if implied important in info information
    injured injuries injury interested into invest is it its itself just keep kick kickoff kind know known last late lately later latest lay laying lead leader leading leads league leagues learn leave left less let level like likely likelihood line lines list listed little live lmk locked lol long longshot look looking looks lose loses losing loss lost lot lots love low lower lowest lunch luck
    made main make makes many margin market markets match matches matchup matchups math maybe me mean means meant might mind minute minutes ml moment moneyline moneylines money month more morning most mostly move moved movement moves moving much must my myself name named names near nearest need needs never new news next nice night no nobody none nope not note nothing now number numbers o of
    off offer offered offering offers often oh ok okay old on once one ones online only open opened opener opening opens opinion opponent opponents or other others ou our out outcome outcomes outright outta over overs overunder own page paid pair parlay parlays part past pay paying payout pays people per percent percentage perhaps period person pick picks pk place plan planned plans play played player players playing
    plays please pls plus plz point points possible possibly post preview previews predict prediction predictions prefer pretty previous price priced prices pricing probability probable probably prob probs progress projected projection public pull push pushed put quarter question questions quick quickly quote quoted quotes rate rather rating re read real really reason recent recently record regarding regular remaining report
    result results return returns right rn road round run running runs said same sat say saying says schedule scheduled score scored scores scoring season see seem seems seen sell send set shape sharp she shop should show side sides since single sir site size slate slow small so some somebody someone something soon sooner sort soccer sounds specific sport sports sportsbook sportsbooks spread spreads stand standing
    stands start started starting starts state stats status stay still stop straight strong such summary sum super supposed sure take taken takes talk team teams tell ten than thank thanks that the their them then there these they thing things think this those though thought three through thru ticket tie tied ties tight til till time times tip tipoff to today together told tomorrow tonight tonite too took top total totals touch
    toward towards track tried true try trying turn two type typical u un under underdog underdogs unders understand unless until up upcoming update updated updates upset us use used using usually v value versus very via view vig visit visiting visitor visitors vs waiting wait wanna want wanted wants was watching way we week weekend well went were what whatever when whenever where which whichever while who whole whom whose why wide will willing win winner
    winners winning wins with within without won wonder wondering word words work works worse worst worth would wow write wrong yeah year years yep yes yesterday yet you your yours yo xd sup stuff shot underway afternoon noon midnight prime primetime matter spot edition odds odd ods probability probabilities percents favs lineup lineups questionable doubtful probable hurt sidelined gtd availability missing returning
    el la los las lo un una unos unas de del en y o que qué quien quién quienes cual cuál cuales cuáles es son está están para por con hay como cómo cuanto cuánto dime dame sobre contra al me mi tu su va van juego juegan quiero saber le les il est sont qui quel quelle quels quelles du des et pour ce sur match equipo equipos noche gracias hola favor puntos más menos total ganar gano ganó esta este entre
    thanksgiving christmas eve boxing easter turkey utd man primetime lowest kickoffs tipping upside
    biggest largest heaviest strongest surest safest tightest closest narrowest smallest coinflip flip least happened
    nod gets suit suits dress suspended whats hows wheres
    buenas buenos der die das und ist wer wie wann spielt gewinnt gegen im am
    """.split()  # noqa: SIM905 - a list of words reads better as words
)
_NAMED = frozenset(
    word
    for words in (
        NICKNAMES,
        EVERYDAY,
        PLACE_WORDS,
        BOOK_SHORT,
        CODES,
        SHORT,
        SPORT_WORDS,
        MONTHS,
        WEEKDAYS,
        BOOK_WORDS,
    )
    for entry in words
    for word in entry.split()
)
_KNOWN = _COMMON | STARTERS | _NAMED | {word.rstrip("s") for word in _NAMED}


def is_beyond(message: str) -> bool:
    """Return whether a message asks for something that no document here has.

    >>> is_beyond("will it rain in Kansas City"), is_beyond("first half spread"), is_beyond("Chiefs spread")
    (True, True, False)
    """
    return _BEYOND.search(message) is not None


def unexplained(message: str, catalogue: Catalogue) -> list[str]:
    """Return the words of a message that are no team's, book's or league's, and none that every question may have."""
    spoken = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", message.casefold())
    return [
        word
        for word in (one.partition("'")[0] for one in spoken)
        if len(word) > 2 and word not in _KNOWN and not catalogue.knows(word)
    ]

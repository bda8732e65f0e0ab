"""Words: those that begin a sentence, those that are names, and what no sentence may claim.

A name that is in no cited document is found by two nets: a capital letter inside a sentence, and the nicknames and
bookmakers below in any letters. Neither needs to know every team of the world, because the first word of a sentence
must be one of `STARTERS` unless a cited document names it.
"""

# ruff: noqa: E501 - a row of the table reads better whole

from __future__ import annotations

import re

STARTERS = frozenset(
    """
    also name suggested ask a about above according across after against all although among an and another any anyone anything are around as at
    average away based because before behind below besides best better between beyond book books bookmaker bookmakers
    both but by cancelled capital change check closing compared compare consensus current currently data date decimal
    despite does draw during each either even every everything expect expected expects fair favourite favorite favoured
    figures final first fixture for form four from full further game games given good group had half has have having he
    help here hello hi hold home how however i if implied implies in injured injuries injury is it its kick kickoff kicks know last late later
    latest legs leg less lines line listed live look lower losing many market markets matches match measured more
    moneyline most movement moved my near neither next no none nobody not note nothing now odds of off offered on once
    one only open opened opening or other others our out outcome over overall overtime parlay parlays people per
    percentage pick picks play played player players please point points postponed prices price probability
    probabilities published push pushes questionable quotes quoted rather read recent record result results rules
    score scores second see several she short since so some somebody someone sorry spread spreads sport sports
    start starts status still such talk team teams than thanks that the their them then there therefore these they
    this those though through tip tip-off to today together tomorrow tonight top total totals toward two under underdog unless
    until up updated using value very via visitors was we week weekend well were what when where whether which while
    who whoever why win winner wins with within without worst yes yesterday yet you your nearest
    """.split()  # noqa: SIM905 - a list of words reads better as words
)
# Capitalised inside a sentence, and the name of no team, book or person.
GENERAL = frozenset(
    """
    i utc gmt api american decimal fractional over under draw h2h roi clv ev id i'm i'll i've i'd ok gorilla bot tv am pm
    """.split()  # noqa: SIM905
)
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

# Distinctive words of teams and books, which are names in small letters too. Everyday words (heat, magic, wild) and
# words of places are left out: in capitals the first net has them.
TEAM_WORDS = frozenset(
    """
    49ers niners broncos browns buccaneers bucs cardinals chargers chiefs colts commanders cowboys
    dolphins eagles falcons bengals jaguars packers panthers patriots raiders rams ravens seahawks steelers texans
    titans vikings redskins oilers seminoles buckeyes sooners longhorns wolverines bulldogs gators huskies spartans
    wildcats tarheels jayhawks boilermakers nittany hoosiers badgers 76ers sixers bucks bulls cavaliers cavs celtics
    clippers grizzlies hawks hornets knicks lakers mavericks mavs nuggets pacers pelicans pistons raptors
    spurs timberwolves warriors wizards avalanche blackhawks bruins canadiens canucks
    coyotes sabres kraken maple penguins predators flyers islanders senators capitals angels astros
    athletics brewers cubs diamondbacks dodgers guardians mariners marlins mets nationals orioles padres phillies
    pirates rangers rays reds royals sox twins yankees arsenal bournemouth brentford brighton burnley chelsea everton
    fulham leeds leicester liverpool newcastle sunderland tottenham wolverhampton barcelona juventus bayern dortmund
    benfica ajax celtic porto sevilla valencia villarreal napoli roma lazio milan galaxy sounders timbers
    """.split()  # noqa: SIM905
)
BOOK_WORDS = frozenset(
    """
    draftkings fanduel betmgm betrivers caesars bovada pinnacle betfair bet365 unibet pointsbet betway bwin
    ladbrokes betonline mybookie betus lowvig fanatics espnbet barstool wynnbet williamhill stake.com smarkets matchbook
    """.split()  # noqa: SIM905
)
NICKNAMES = TEAM_WORDS | BOOK_WORDS

FORBIDDEN = re.compile(
    r"""
      \bguarantee[sd]?\b | \bguaranteed\b | \bsure[ -](?:thing|bet|win|shot)\b | \b(?:a|the|my|stone[ -]cold)\s+locks?\b
    | \block\s+of\b | \bcan'?t\s+(?:lose|miss|fail)\b | \bcan\s?not\s+(?:lose|miss|fail)\b | \brisk[ -]free\b
    | \bno[ -]brainer\b | \b(?:free|easy)\s+money\b | \bcertain(?:ly|ty)?\b | \bdefinite(?:ly)?\b | \bsurely\b
    | \bundoubtedly\b | \bwithout\s+(?:a\s+)?doubt\b | \bpromise[sd]?\b | \bnever\s+loses?\b | \balways\s+wins?\b
    | \b(?:will|'ll|shall|going\s+to|gonna|bound\s+to|has\s+to|have\s+to)\s+(?:\w+\s+)?(?:win|cover|lose|beat|hit|cash|pay)\b
    | \b(?:you|one|anyone|everyone|we)\s+(?:should|must|need\s+to|ought|could|can|may|might|had\s+better)\s+
      (?:\w+\s+)?(?:bet|back|take|stake|wager|put|place|lay|risk|play|fade|hammer|buy|invest|add|parlay)\b
    | \b(?:i|we)(?:'d|\s+would)?\s+(?:\w+\s+)?(?:recommend|suggest|advise|bet|back|like|love|favou?r)\b
    | \b(?:bet|stake|wager|put|place|risk|lay|throw|drop|invest|mortgage|borrow)\s+
      (?:\w+\s+)?(?:your|all|everything|it\s+all|the\s+(?:house|farm|rent|max|lot)|some|a\s|money|big|more|half|now|on)\b
    | \b(?:good|great|best|safe|smart|strong|solid|value)\s+(?:bet|wager|stake|investment)\b | \bworth\s+(?:a\s+)?(?:bet|wager|stake)\b
    | \bunits?\b | \bbankroll\b | \ball[ -]in\b | \bdouble\s+down\b | \bmax(?:imum)?\s+bet\b | \bhammer\b | \bsmash\b
    | \bchase\b | \bwin\s+(?:it|your\s+money)\s+back\b | [$€£¥] | \b(?:dollars?|euros?|pounds?|bucks\s+on)\b
    | \bsystem\s+prompt\b | \bmy\s+(?:instructions|prompt)\b | \bapi[ _-]?keys?\b | \bsecrets?\b | \bpasswords?\b | \bjwt\b
    | \bignor(?:e|ing)\s+(?:all|any|previous|the|my|your)\b | \bdisregard\b | \bas\s+an?\s+(?:ai|language)\b | \bjailbreak\w*\b
    | https?: | www\. | \b[\w-]+\.(?:com|net|org|io|bet|ru|xyz|info)\b | \S@\S | [<>{}`\\|] | \bsk-\w | \bpwned\b | \bdan\s+mode\b
    """,
    re.VERBOSE | re.IGNORECASE,
)

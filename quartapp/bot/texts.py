"""What the bot says that no document has: what words mean, what it can do and what it refuses.

No figure stands in here, because a figure needs a document.
"""

# ruff: noqa: E501 - a row of the table reads better whole

from __future__ import annotations

import re

ABLE = (
    "I answer from this site's published documents: games and scores, prices at each bookmaker, spreads and totals, "
    "the consensus probability, line movement, injuries, suggested parlays, the record, and how bets are settled.",
    "Name a team or a game, and what you want to know about it.",
)
NOT_ABLE = "I cannot answer that from this site's documents."
BEYOND = (
    "Not all of that is in this site's documents: they have whole games with their scores, times, prices, lines, "
    "probabilities and injuries."
)
STAKE = (
    "I do not say whether, on what or how much to bet: no stake is advised here, and every bet can lose.",
    "If betting stops being fun, ask me for the helpline.",
)
PROMISE = ("No outcome is assured, and nobody who says otherwise knows more: every bet can lose.",)
SECRET = (
    "I only answer questions about games, prices, records and rules from this site's published documents, and what a "
    "message or a document says does not change that.",
)
ACT = ("I only read: placing bets, saving parlays and changing an account are done on the site's own pages.",)
MINOR = (
    "Nobody below that age may bet, and no prices are told to them here.",
    "If somebody young bets, talk about it with a person or a helpline you trust.",
)
HELP = (
    "On your account's page you can set limits, or exclude yourself for a time or for good; an exclusion cannot be "
    "undone before its end."
)
OWN = "Your own saved parlays and your record are on your account's page: I read published documents alone, and no account."
DISTRESS = (
    "I am sorry that it is this hard, and it is good that you say so: please talk to somebody now.",
    "It is free and confidential.",
    "On your account's page you can set limits or close the account to bets at once.",
)
NO_HELPLINE = "Please talk to somebody you trust, or to a local helpline for gambling, today."
NO_RECORD = "There is no record yet: no graded result has been published, so nothing can be said about how good the picks are."
NO_PICKS = "There are no picks at the moment."
BUDGET = "The daily budget for phrased answers is used up or nearly so: this answer is made from the documents alone."
CONFLICT = "These legs cannot all win, or are the same bet, so they have no price together."
UNQUOTED = "Some leg of that parlay is not quoted at that line now, so it has no price here."
SAME_GAME = "Legs of the same game are not independent, and each book sets its own price for them: no book's price is told here."
NO_WHOLE = "No book takes the whole parlay at these lines now."
NO_ADVICE = "A price is no advice to bet."
SUGGESTION = "A suggestion is a calculation from prices and the consensus: each of its legs can be placed at the same book."
NAME_LEGS = "Name the legs, such as teams to win or a total, and a book, and I tell what the parlay pays."
NO_SUGGESTION = "No parlay is suggested at the moment."
ABSENT = "The game that is looked at is not among the published ones."
OTHER_SPORT = "No games of that sport are published here."
OVER = "It is over: what follows is what stood last."
PRICES_ALONE = "What prices without their games pay together is in no document, so no figure is said: decimal odds of the legs are multiplied."
NO_ARBITRAGE = "Name a game, and I tell whether its books' best prices together pay more than they cost."
NO_ATHLETE = "Nobody of that name is listed as injured or doubtful here, which does not say that they play."
LIVE = "No game of that kind is under way now."
NO_PICK_OF = "No pick is published for that."
STRANGER = "No game of a team of that name is listed now."
STRANGE_BOOK = "No prices of that book are published here."
NO_SUCH_PRICE = "No published price is the same now, and no figure is said here that no document has."
UNCLEAR = "More than one team could be meant; which of them?"

NO_RULES = "The rules of settlement are not published at the moment; ask again in a while."

GLOSSARY: tuple[tuple[str, str], ...] = (
    (r"\bhold\b|\bvig\b|\bjuice\b|\bmargin\b", "The hold, or vig, is the margin of the bookmaker in the prices of all outcomes: the implied probabilities sum to more than the whole."),
    (r"\bno[- ]vig\b|\bfair\b", "A fair price leaves out the bookmaker's margin."),
    (r"\bats\b|\bcover\w*\b", "Against the spread means with the line added to the score: a team covers if it is ahead then."),
    (r"\bo/u\b|\bou\b", "Over and under are the sides of a total: both scores together, above or below a line."),
    (r"\bchalk\b|\bfavou?rites?\b|\bunderdogs?\b|\bdogs?\b", "The favourite, or chalk, is the side that the prices give the higher probability; the underdog is the other."),
    (r"\bhedg\w+", "A hedge takes the other side of a bet that stands: less may be won, and less lost, and its price has a margin too."),
    (r"\bpick'?em\b|\bdraw no bet\b", "A pick'em, like draw no bet, is a spread of nothing: a level score returns the stake."),
    (r"\bpuck ?line\b|\brun ?line\b", "The puck line and the run line are the spreads of hockey and of baseball."),
    (r"\bteasers?\b|\bround robin\b", "A teaser moves the lines of a parlay for a lower price, and a round robin makes several parlays of the same legs; neither is priced here."),
    (r"\bmiddl\w+", "A middle is a pair of bets at different lines that both win if the score lands between them."),
    (r"\bmov(?:e|es|ed|ing|ement)\b", "Line movement is how a line or a price changed since it was opened."),
    (r"\bclosing line value\b|\bclv\b", "Closing line value compares the price that was taken with the last price before the start: positive means that the price was better than the market's last word."),
    (r"\bedge\b|\bexpected value\b|\bev\b", "The edge is the expected value of a price by the probabilities of the other books: negative means that the price is worth less than what is staked on it on average."),
    (r"\bkelly\b", "The fraction is a formula's word for the share of a fund that a price would justify if the probability were known; it is a figure here, and no advice."),
    (r"\bconsensus\b", "The consensus is the probability of an outcome over all books with fresh prices, after taking out each book's margin."),
    (r"\bimplied\b", "The implied probability of a price is what it would have to be for the bet to break even."),
    (r"\bamerican\b", "American odds with a plus say what a round stake wins, and with a minus what must be staked to win as much."),
    (r"\bdecimal\b", "Decimal odds say what a winning bet pays as a multiple of its stake, the stake included."),
    (r"\bfractional\b", "Fractional odds say what a winning bet wins for its stake, the stake not included."),
    (r"\bmoney ?line\b", "The moneyline, or winner market, is about who wins, with no line added."),
    (r"\bspread\b|\bhandicap\b", "The spread adds a line to a team's score before the scores are compared."),
    (r"\btotal\b|\bover\b|\bunder\b", "A total is about both scores together, over or under a line."),
    (r"\bsame[- ]game\b", "A same-game parlay has legs of the same game, which are not independent: its fair price comes from the game's distribution of scores, and a book sets its own."),
    (r"\bparlay\b|\baccumulator\b", "A parlay joins several legs in a single bet: it wins only if every leg does, and its price is the product of the legs' prices."),
    (r"\barbitrage\b", "An arbitrage is a set of prices at different books that together pay more than they cost; such prices are mostly mistakes or gone."),
    (r"\broi\b", "The return on investment is the profit divided by what was staked."),
)  # fmt: skip
_GLOSSARY_GENERAL = "Ask about hold, edge, consensus, moneyline, spread, total, parlay, or odds formats."


def odds_for(*, american: bool) -> str:
    """Return what American odds say, or decimal ones."""
    return next(
        text for pattern, text in GLOSSARY if pattern == (r"\bamerican\b" if american else r"\bdecimal\b")
    )


def meaning_for(message: str) -> tuple[str, ...]:
    """Return what the words in a message mean; one in the plural too."""
    singular = re.sub(r"(?<=\w\w)s\b", "", message)
    found = [
        text
        for pattern, text in GLOSSARY
        if re.search(pattern, message, re.IGNORECASE) or re.search(pattern, singular, re.IGNORECASE)
    ]
    return tuple(found[:2]) or (_GLOSSARY_GENERAL,)

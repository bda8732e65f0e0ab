"""How much likelier a football margin is than a normal distribution says, by whole number: 3, 7, 10, 14.

Fitted by scripts/fit_key_numbers.py to the spreads and scores of 3,738 NFL games, 2002-15, from public
collections of betting lines; a test fits them again wherever that file lies beside the checkout. The index is
the margin, either team's: NFL_MARGINS[3] counts for a win by 3. Weights of totals were fitted as well and left
out: five-fold, they priced alternate totals no better than the plain normal (0.6594 against 0.6593).
"""

NFL_MARGINS: tuple[float, ...] = (
    0.1827,
    0.7516,
    0.7608,
    2.8926,
    1.0562,
    0.6374,
    1.2281,
    1.974,
    0.7691,
    0.3827,
    1.4148,
    0.6834,
    0.4498,
    0.902,
    1.3727,
    0.5075,
    0.6635,
    1.1994,
    0.9112,
    0.5345,
    0.992,
    1.4504,
    0.6273,
    0.6389,
    1.4377,
    0.884,
    0.5855,
    1.2723,
    1.5949,
    0.7733,
    0.8637,
    1.6056,
    0.8311,
    0.7263,
    1.2248,
    1.3203,
    0.691,
    0.9343,
    1.4936,
    0.7484,
)

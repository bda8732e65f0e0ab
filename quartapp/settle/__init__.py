"""How bets end: pure functions and the rules they follow, as data. Nothing here reads a clock or a database."""

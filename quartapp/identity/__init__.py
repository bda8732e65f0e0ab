"""Which of our games a scoreboard means: teams under two sources' names, and games under two ids. Pure."""

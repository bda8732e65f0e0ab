"""How old what visitors see may be, what is too old or missing, and what the site is told of it."""

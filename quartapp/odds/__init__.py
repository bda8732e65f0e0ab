"""Pure arithmetic of prices and probabilities: no I/O, no clock, no database."""

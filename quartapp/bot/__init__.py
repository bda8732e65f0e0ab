"""Gorilla Bot: answers about games, prices and records, of which every figure and name can be checked."""

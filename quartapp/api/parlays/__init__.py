"""Parlays: prices and suggestions."""

"""Stands in for every upstream during development: seeded, moving with time, and labelled as a sandbox."""

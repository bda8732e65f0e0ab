"""Renders the documents that the frontend reads, from what the store holds."""

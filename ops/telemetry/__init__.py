"""Logs, access lines and metrics, with secrets removed."""

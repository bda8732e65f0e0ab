"""Serving HTTP in one process: sockets, loop, handover, drain, stall."""

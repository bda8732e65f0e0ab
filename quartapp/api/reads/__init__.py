"""The reads that no published document answers as it is."""

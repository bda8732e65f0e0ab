"""What a web process offers operators and probes, and what every route declares."""

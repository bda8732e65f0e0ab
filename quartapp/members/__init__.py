"""What is kept for the people who bet: their limits, their exclusions, their parlays, and where help is."""

"""What members keep here: limits, exclusions, parlays and their record."""

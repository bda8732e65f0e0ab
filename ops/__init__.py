"""What keeps the service operable; knows nothing of sports."""

"""Open troubles and the messages about them."""

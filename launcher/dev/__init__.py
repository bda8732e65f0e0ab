"""Everything on one laptop; never in the image."""

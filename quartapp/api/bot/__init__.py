"""/api/bot: questions answered from published documents, as a stream of checked sentences."""

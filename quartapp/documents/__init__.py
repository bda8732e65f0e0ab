"""Published documents: stored, followed, held in memory, answered. Knows no sport and no address."""

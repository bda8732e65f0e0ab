"""The product: what Parlay Gorilla serves and the jobs that fill it."""

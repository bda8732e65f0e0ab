"""The clock: when jobs are due, who may run them, and what became of each run."""

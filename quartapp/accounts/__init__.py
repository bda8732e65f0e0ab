"""Accounts: who a member is, how one proves it, and for how long. docs/accounts.md tells the whole of it."""

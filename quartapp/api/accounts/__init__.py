"""Accounts: register, log in, stay logged in, and what a member does with their own."""

"""Refunds that people decide: a ledger, and the services that the spec names."""

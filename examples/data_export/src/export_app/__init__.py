"""Exports of personal data that people decide: a warehouse, and the spec's services on it."""

"""Notices: who is told that a gate opened, reminds, widened, was decided, or that a run ended."""

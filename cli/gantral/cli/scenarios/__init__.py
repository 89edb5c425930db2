"""Scenario files: what must happen, as data, played on the real runtime (`gantral test`)."""

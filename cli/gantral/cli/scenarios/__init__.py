"""Scenario files: what must happen, as data, played in the simulation or on a server."""

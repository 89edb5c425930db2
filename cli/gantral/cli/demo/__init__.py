"""The refund example from spec to verified evidence, on real servers (`gantral demo`)."""

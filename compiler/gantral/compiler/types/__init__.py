"""Types: resolved from syntax, compared, described (LANGUAGE section 3)."""

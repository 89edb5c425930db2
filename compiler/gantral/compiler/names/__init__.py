"""Files, imports and names (LANGUAGE section 2)."""

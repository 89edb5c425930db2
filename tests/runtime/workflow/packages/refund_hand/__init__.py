"""A generated package, written by hand."""

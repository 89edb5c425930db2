"""The language server: what editors ask of specs that are open and half typed."""

"""Loans that several people decide: a bank's books, and the spec's services on them."""

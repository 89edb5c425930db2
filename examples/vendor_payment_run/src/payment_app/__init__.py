"""Payment runs that people decide: a ledger, a bank, and the spec's services on them."""

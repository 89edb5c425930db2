"""Charts that are opened in an emergency: a clinic's charts, and the spec's services on them."""

"""The ``gantral`` command. A command imports only what it uses (DESIGN section 9)."""

"""``python -m gantral.cli``: the command, where no script of it is on PATH."""

from gantral.cli.main import main

main()

"""One file a command: ``add(subparsers)`` declares its options, ``run(args)`` does it."""

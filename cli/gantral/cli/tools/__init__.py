"""The pinned tools that ``gantral demo``, ``gantral dev`` and the tests run, fetched once.

Every function of a module here that gives a tool returns something that can be run, or raises
:class:`~gantral.cli.tools.failure.ToolMissing`, which names what was tried, how each try ended, and
what to install. This package imports nothing: ``gantral check`` asks where the tools lie.
"""

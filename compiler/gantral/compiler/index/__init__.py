"""What each name in a file stands for, for editors: of any text, half typed or not."""

from __future__ import annotations

from gantral.compiler.index.modules import Modules
from gantral.compiler.index.symbols import Mention, Module, Place, Symbol, Visible
from gantral.compiler.index.walk import Walk
from gantral.compiler.names.project import Project
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span

__all__ = ["Index", "Mention", "Symbol", "index"]


@frozen(eq=False)
class Index:
    """The names of one file. `place` is where its own declarations are looked up."""

    module: Module
    modules: Modules
    place: Place
    mentions: tuple[Mention, ...]
    visible: tuple[Visible, ...]
    workflows: tuple[tuple[Span, Place], ...]

    def at(self, offset: int) -> Mention | None:
        """The name that stands there (an offset right after it counts), if it is known what for."""
        here = [
            one
            for one in self.mentions
            if one.span.start <= offset <= one.span.end and one.span.source == self.module.path
        ]
        return max(here, key=lambda one: one.span.start, default=None)

    def place_at(self, offset: int) -> Place:
        """Where declarations are looked up there."""
        for span, place in self.workflows:
            if span.start <= offset <= span.end:
                return place
        return self.place


def index(project: Project, path: str) -> Index | None:
    """The names of a file, with what they stand for in it and in what it imports.

    Pure, as `analyse` is, and never raises for any text. None when nothing of the file can be read:
    it is not there, or holds what no file may (G00xx).
    """
    modules = Modules(project)
    module = modules.module(path)
    if module is None:
        return None
    walk = Walk(modules, module)
    return Index(
        module,
        modules,
        walk.place,
        tuple(walk.mentions),
        tuple(walk.visible),
        tuple(walk.workflows),
    )

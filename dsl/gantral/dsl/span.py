"""Where something stands in a source."""

from __future__ import annotations

from gantral.dsl.frozen import frozen


@frozen(order=True)
class Span:
    """The half-open range [start, end) of `source`, in code points of the decoded text.

    `source` is the path as it was given by the caller; it is also the key into the mapping of
    sources that the renderer takes.
    """

    source: str
    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The range from here to the end of `other`, both in one source."""
        return Span(self.source, self.start, other.end)


@frozen
class Node:
    """What every part of the tree has. Spans take part in equality, so that two like pieces of
    text at two places are two keys in a dict."""

    span: Span


@frozen
class Comment(Node):
    """A `#` or `##` comment; `text` is as written, from its first `#` to before the line's end."""

    text: str

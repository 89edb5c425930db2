"""Stories as one page that needs no network: no script, no style, image or font from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from gantral.cli.handing.plain import printable
from gantral.cli.handing.telling import Part

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.25rem; margin-top: 3rem; border-top: 1px solid; }
section { margin: 1rem 0; padding-left: 1rem; border-left: 3px solid #8888; }
h2, h3, h4, h5 { overflow-wrap: anywhere; }
h3, h4, h5 { margin: 0 0 .25rem; font-size: 1rem; }
dl { display: grid; grid-template-columns: minmax(8rem, 14rem) 1fr; gap: .1rem 1rem; margin: 0; }
dt { opacity: .7; overflow-wrap: anywhere; }
dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
dd.text { font-family: ui-monospace, monospace; font-size: .85rem; }
.INVALID, .INCONCLUSIVE { border-left-color: #c33; } .VALID { border-left-color: #282; }
@media print { section { break-inside: avoid; } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def head(title: str) -> str:
    """The beginning of the page."""
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{_said(title)}</title>\n<style>{_STYLE}</style>\n<h1>{_said(title)}</h1>\n"
    )


def instance(name: str, parts: list[Part]) -> Iterator[str]:
    """One instance's stretch of the page."""
    yield f'<h2 id="{_said(name)}">{_said(name)}</h2>\n'
    for part in parts:
        yield from section(part, 3)


def section(part: Part, level: int) -> Iterator[str]:
    """A part and what is below it."""
    word = part.heading.partition(":")[0]
    kind = f' class="{word}"' if word in ("VALID", "INVALID", "INCONCLUSIVE") else ""
    yield f"<section{kind}>\n<h{level}>{_said(part.heading)}</h{level}>\n"
    if part.rows:
        yield "<dl>\n"
        for what, value in part.rows:
            kind = ' class="text"' if "\n" in value else ""
            yield f"<dt>{_said(what)}</dt><dd{kind}>{_said(value)}</dd>\n"
        yield "</dl>\n"
    for below in part.below:
        yield from section(below, min(level + 1, 5))
    yield "</section>\n"


def _said(text: str) -> str:
    return escape(printable(text))

"""The picture as an SVG that needs no browser, no font of its own and no colour to be read."""

from __future__ import annotations

import html
import textwrap

from gantral.compiler.graph.layout import GAP_Y, Route, layout
from gantral.compiler.graph.picture import Arrow, Box, Kind, Picture

LINE = 17
_WRAP = 30
# As wide as a letter of 13 px sans-serif gets on average, so that a box holds its text.
_LETTER = 7.4
_BROAD = frozenset("MWmw@%")
_PAD_X = 18
_PAD_Y = 12
_MARGIN = 24

_STYLE = (
    "text{font:13px 'DejaVu Sans',Verdana,Arial,sans-serif;fill:#111;text-anchor:middle}"
    ".word{font-size:10.5px;font-weight:bold;letter-spacing:.06em}"
    ".case{font-size:11.5px;font-style:italic}"
    ".box{fill:#fff;stroke:#111;stroke-width:1.2}"
    ".thick{stroke-width:3.2}.dashed{stroke-dasharray:5 3}.none{fill:none}"
    ".gate{fill:#fff3c4}.effect{fill:#dceaff}.stopped{fill:#f1f1f1}.completed{fill:#e2f4e2}"
    ".arrow{fill:none;stroke:#111;stroke-width:1.2}.under{fill:#fff}"
)


def svg(picture: Picture) -> str:
    """One `<svg>` document; the same bytes for the same picture."""
    texts = [_lines(box) for box in picture.boxes]
    sizes = [_size(box.kind, lines) for box, lines in zip(picture.boxes, texts, strict=True)]
    placed = layout(sizes, [(one.source, one.target) for one in picture.arrows])
    title = html.escape(picture.title)
    width, height = placed.width + 2 * _MARGIN, placed.height + 2 * _MARGIN
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img" aria-labelledby="title desc">',
        f'<title id="title">The workflow {title}</title>',
        f'<desc id="desc">{html.escape(_told(picture))}</desc>',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8"'
        ' markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#111"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<g transform="translate({_MARGIN} {_MARGIN})">',
    ]
    out += [
        f'<path class="arrow" d="{_curve(route)}" marker-end="url(#head)"/>'
        for route in placed.routes
    ]
    for arrow, route in zip(picture.arrows, placed.routes, strict=True):
        out += _case(arrow, route)
    for box, lines, size, place in zip(picture.boxes, texts, sizes, placed.places, strict=True):
        out += _drawn(box, lines, size, place)
    return "\n".join([*out, "</g>", "</svg>"]) + "\n"


def _told(picture: Picture) -> str:
    """The picture in words, for who can't see it."""
    names = [f"{number}: {', '.join((box.word, *box.lines))}"
             for number, box in enumerate(picture.boxes, 1)]  # fmt: skip
    ways = [
        f"{one.source + 1} to {one.target + 1}{f' ({one.label})' if one.label else ''}"
        for one in picture.arrows
    ]
    return f"{'. '.join(names)}. Ways: {'; '.join(ways)}."


def _lines(box: Box) -> list[str]:
    return [part for line in box.lines for part in textwrap.wrap(line, _WRAP) or [""]]


def _size(kind: Kind, lines: list[str]) -> tuple[int, int]:
    longest = max((_columns(one) for one in lines), default=0)
    width = max(round(longest * _LETTER), 96) + 2 * _PAD_X
    if kind in ("choice", "loop"):
        width += 2 * _PAD_X
    return width, (len(lines) + 1) * LINE + 2 * _PAD_Y


def _columns(line: str) -> float:
    """How wide a line gets, in average letters: a bound, so that no text leaves its box."""
    return sum(map(_column, line))


def _column(one: str) -> float:
    if one.isascii():
        return 1.75 if one in _BROAD else 1.3 if one.isupper() else 1
    # Beyond the alphabets most are as wide as high.
    return 2 if ord(one) >= 0x1100 else 1.6


def _drawn(box: Box, lines: list[str], size: tuple[int, int], place: tuple[int, int]) -> list[str]:
    x, y = place
    width, height = size
    middle = x + width // 2
    out = [f'<g data-kind="{box.kind}">', *_outline(box.kind, x, y, width, height)]
    at = y + _PAD_Y + 12
    out.append(f'<text class="word" x="{middle}" y="{at}">{html.escape(box.word)}</text>')
    for number, line in enumerate(lines, 1):
        out.append(f'<text x="{middle}" y="{at + number * LINE}">{html.escape(line)}</text>')
    return [*out, "</g>"]


def _outline(kind: Kind, x: int, y: int, width: int, height: int) -> list[str]:
    frame = f'x="{x}" y="{y}" width="{width}" height="{height}"'
    right, floor = x + width, y + height
    inner = f'x="{x + 4}" y="{y + 4}" width="{width - 8}" height="{height - 8}"'
    round_ = f'rx="{min(height, 48) // 2}"'
    small = f'rx="{min(height, 48) // 2 - 4}"'
    match kind:
        case "start":
            return [f'<rect class="box" {frame} {round_}/>']
        case "completed":
            return [f'<rect class="box thick completed" {frame} {round_}/>']
        case "stopped":
            return [
                f'<rect class="box stopped" {frame} {round_}/>',
                f'<rect class="box none" {inner} {small}/>',
            ]
        case "gate":
            return [f'<rect class="box gate" {frame}/>', f'<rect class="box none" {inner}/>']
        case "wait":
            return [
                f'<rect class="box" {frame} rx="4"/>',
                f'<path class="box none" d="M{x + 4} {y}V{floor}M{right - 4} {y}V{floor}"/>',
            ]
        case "child":
            sides = f"M{x + 6} {y}V{floor}M{right - 6} {y}V{floor}"
            return [f'<rect class="box" {frame}/>', f'<path class="box none" d="{sides}"/>']
        case "effect":
            return [f'<rect class="box thick effect" {frame}/>']
        case "undo":
            return [f'<rect class="box thick dashed" {frame}/>']
        case "notify":
            corner = right - 12
            return [
                f'<path class="box" d="M{x} {y}H{corner}L{right} {y + 12}V{floor}H{x}z"/>',
                f'<path class="box none" d="M{corner} {y}V{y + 12}H{right}"/>',
            ]
        case "read" | "parallel":
            return [f'<rect class="box" {frame} rx="4"/>']
        case "choice" | "loop":
            half, cut = y + height // 2, _PAD_X
            return [
                f'<path class="box" d="M{x} {half}L{x + cut} {y}H{right - cut}L{right} {half}'
                f'L{right - cut} {floor}H{x + cut}z"/>'
            ]


def _curve(route: Route) -> str:
    (x, y), *rest = route.points
    out = [f"M{x} {y}"]
    for to_x, to_y in rest:
        if to_x == x:
            out.append(f"V{to_y}")
        else:
            half = (y + to_y) // 2
            out.append(f"C{x} {half} {to_x} {half} {to_x} {to_y}")
        x, y = to_x, to_y
    return "".join(out)


def _case(arrow: Arrow, route: Route) -> list[str]:
    """The label, on the first part of the arrow that crosses between layers."""
    if not arrow.label:
        return []
    (x, y), (to_x, _) = route.points[1], route.points[2]
    at_x, at_y = (x + to_x) // 2, y + GAP_Y // 2
    width = round(len(arrow.label) * 6.2) + 8
    return [
        f'<rect class="under" x="{at_x - width // 2}" y="{at_y - 9}" width="{width}" height="17"/>',
        f'<text class="case" x="{at_x}" y="{at_y + 4}">{html.escape(arrow.label)}</text>',
    ]

"""Every code of every stage has a page, and the examples on it do what they say.

A page is `docs/codes/GXXXX.md`: `# GXXXX: title`, a paragraph, a block ```gantral error``` that
gives exactly that code and a block ```gantral ok``` that gives nothing (```yaml error``` and
```yaml ok``` where the form is YAML). `escaped` after `error`
reads the block with Python's escapes (below \\x100 as bytes), `times=n` repeats it. A page whose
examples are flow graphs (```flow error```, ```flow ok```) is run by the tests of the proofs; one
that needs another file too (```toml beside```) by the tests of the command.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from gantral.dsl.decode import decode
from gantral.dsl.diagnostics import Diagnostic
from gantral.dsl.front import read

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "codes").glob("G*.md"))
BLOCK = re.compile(r"^```(gantral|yaml) (error|ok)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMES = {"gantral": "sample.gantral", "yaml": "sample.gantral.yaml"}
ESCAPE = re.compile(r"\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|\\n\n?")


def escaped(block: str) -> bytes:
    data = b""
    at = 0
    for match in ESCAPE.finditer(block):
        data += block[at : match.start()].encode()
        if match[1]:
            data += bytes([int(match[1], 16)])
        else:
            data += chr(int(match[2], 16)).encode() if match[2] else b"\n"
        at = match.end()
    return data + block[at:].encode()


def findings(code: str, data: bytes, name: str) -> Sequence[Diagnostic]:
    text, found = decode(name, data)
    if found:
        return found
    if code < "G02":
        return read(name, text).diagnostics
    from gantral.compiler import check_text

    return check_text(name, text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.match(rf"# {page.stem}: \S[^\n]*\n\n\S", text)
    if "```flow error\n" in text and "```flow ok\n" in text:
        return
    if re.search(r"^```\w+ beside$", text, re.MULTILINE):
        return
    blocks = BLOCK.findall(text)
    assert [kind for _, kind, _, _ in blocks] == ["error", "ok"]
    for language, kind, options, block in blocks:
        data = escaped(block) if "escaped" in options else block.encode()
        times = re.search(r"times=(\d+)", options)
        data *= int(times[1]) if times else 1
        codes = {one.code for one in findings(page.stem, data, NAMES[language])}
        assert codes == ({page.stem} if kind == "error" else set())


def test_every_code_in_the_source_has_a_page_and_every_page_a_code_in_the_source() -> None:
    used = {
        code
        for folder in ("grammar", "dsl", "compiler", "cli")
        for path in (ROOT / folder).rglob("*.py")
        for code in re.findall(r'"(G0\d{3})"', path.read_text(encoding="utf-8"))
    }
    assert used == {page.stem for page in PAGES}
    assert "G0101" in used


def test_no_code_is_put_together() -> None:
    # Else the test above would not see it.
    halves = [
        f"{path.relative_to(ROOT)}: {found}"
        for folder in ("grammar", "dsl", "compiler", "cli")
        for path in (ROOT / folder).rglob("*.py")
        for found in re.findall(r"""f["']G\{|["']G0?\d{0,2}["'] *\+""", path.read_text("utf-8"))
    ]
    assert halves == []

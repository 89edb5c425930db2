"""Generated code needs no sandbox; whatever somebody put into it does."""

from __future__ import annotations

from pathlib import Path

import pytest
from gantral.runtime.plain import is_plain

ROOT = Path(__file__).resolve().parents[3]
GENERATED = sorted(
    [
        *(ROOT / "tests" / "compiler" / "codegen" / "golden").glob("*/workflow.py"),
        *(ROOT / "examples").glob("*/src/*/gen/*/workflow.py"),
    ]
)
REFUND = next(one for one in GENERATED if one.parent.name == "refund").read_text("utf-8")
AT = "        order = await"


def test_what_the_compiler_writes_is_plain() -> None:
    assert len(GENERATED) > 20
    assert [str(one) for one in GENERATED if not is_plain(one.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    "line",
    [
        "import random",
        "import os.path",
        "import contextlib as c",
        "from time import time",
        "from typing import sys",
        "from gantral.evidence import LocalStore",
        "from ..elsewhere import thing",
        "from . import helper",
        "from datetime import datetime; seen = datetime.now()",
        "from datetime import date as d; seen = d.today()",
        "import contextlib; seen = contextlib.sys",
        "seen = open('/etc/passwd')",
        "seen = __import__('random')",
        "seen = eval('1')",
        "seen = hash(self)",
        "seen = id(self)",
        "seen = self.__class__",
        "global gates",
        "syntax error",
    ],
)
def test_what_else_stands_in_it_needs_a_sandbox(line: str) -> None:
    assert AT in REFUND
    assert not is_plain(REFUND.replace(AT, f"        {line}\n{AT}", 1))

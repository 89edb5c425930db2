"""The second verifier with one rule at a time taken out: a copy of its source in which each place
that refuses can be passed over, judging many things in one process."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gantral.cli.tools.go import go
from second import SOURCES, go_environment

_REFUSES = re.compile(r'(?<![A-Za-z])refuse\("([a-z_0-9]+)"')
_MAIN = """package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Taken out, and the place that refused last.
var mutant, last = -1, -1

func refuseAt(place int, code, message string) {
	if place == mutant {
		return
	}
	last = place
	refuse(code, message)
}

func judgedAs(path, trustPath string) (told []string) {
	defer func() {
		if caught := recover(); caught != nil {
			told = []string{"CRASH"}
		}
	}()
	data, err := os.ReadFile(trustPath)
	if err != nil {
		panic(err)
	}
	judged(path, strings.NewReader(""), readTrust(data), func(one *report) {
		told = append(told, one.Verdict)
		for _, found := range one.Findings {
			told = append(told, found.Code)
		}
	})
	return told
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		paths := strings.Split(in.Text(), "\\t")
		mutant, last = -1, -1
		first := judgedAs(paths[0], paths[1])
		mutant = last
		second := judgedAs(paths[0], paths[1])
		told, _ := json.Marshal([]any{mutant, first, second})
		fmt.Println(string(told))
	}
}
"""


@dataclass(frozen=True)
class Mutated:
    """What is said of one path: by which place (an index into ``places``, -1 for none) it is
    refused, the word and the codes, and what is said with that place taken out."""

    place: int
    told: list[str]
    without: list[str]


def build(folder: Path) -> tuple[Path, list[str]]:
    """The program, and its places: `file: code: the line that refuses`."""
    places: list[str] = []
    for source in sorted(SOURCES.glob("*.go")):
        if source.name.endswith("_test.go"):
            continue
        lines = []
        for line in source.read_text().splitlines():
            if match := _REFUSES.search(line):
                line = _REFUSES.sub(f'refuseAt({len(places)}, "{match[1]}"', line)
                places.append(f"{source.name}: {match[1]}: {_message(line)}")
            lines.append(line)
        text = "\n".join(lines).replace("func main() {", "func unused() {")
        (folder / source.name).write_text(text + "\n")
    (folder / "mutant.go").write_text(_MAIN)
    shutil.copy(SOURCES / "go.mod", folder)
    shutil.copytree(SOURCES / "schemas", folder / "schemas")
    made = folder / "mutants"
    subprocess.run(
        [str(go()), "build", "-o", str(made), "."], cwd=folder, env=go_environment(), check=True
    )
    return made, places


def _message(line: str) -> str:
    """What it says, as far as that is fixed: it tells places of one code apart."""
    return " ".join(re.findall(r'"([^"]*)"', line)[1:])


def run(program: Path, paths: Iterable[tuple[Path, Path]]) -> list[Mutated]:
    """What is said of each path under its trust file."""
    asked = "".join(f"{path}\t{trust}\n" for path, trust in paths)
    done = subprocess.run([str(program)], input=asked.encode(), capture_output=True, check=True)
    return [Mutated(*json.loads(line)) for line in done.stdout.splitlines()]

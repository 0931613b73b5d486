"""The recipes of docs/RECIPES.md as executable steps."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# "In `path`:" and "At the end of `path`:" name the file of the blocks that follow.
PLACE = re.compile(r"(?:In|At the end\s+of)\s+`([\w./]+)`")


@dataclass(frozen=True)
class Step:
    kind: str  # diff, python or sh
    path: str
    text: str


def steps_of(guide: str) -> Iterator[Step]:
    path, end = "", 0
    for block in BLOCK.finditer(guide):
        for place in PLACE.finditer(guide[end : block.start()]):
            path = place[1]
        yield Step(block[1], path, block[2])
        end = block.end()


def edit(root: Path, step: Step) -> None:
    """Apply a diff to a file, or append to it."""
    place = root / step.path
    text = place.read_text(encoding="utf-8")
    if step.kind == "python":
        place.write_text(f"{text}\n\n{step.text}", encoding="utf-8")
        return
    lines = step.text.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if line[0] != "+")
    new = "".join(line[1:] for line in lines if line[0] != "-")
    assert text.count(old) == 1, f"{step.path} must contain exactly once:\n{old}"
    place.write_text(text.replace(old, new), encoding="utf-8")

"""Go's packages sumdb/tlog and sumdb/note agree on proofs, tiles and notes.

Runs with --whole where Go and its package golang.org/x/mod are installed:
apt-get install golang-go golang-golang-x-mod-dev
"""

import json
import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.audit.archive.tree.checkpoints import Checkpoint
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.keys import VerifierKey
from app.audit.archive.tree.notes import Note
from app.audit.archive.tree.paths import Node, consistency_path, inclusion_path
from app.audit.archive.tree.tiles import TileId, locate
from tests.audit.archive.tree.signers import KEY, NAME, NEW_KEY, cosign
from tests.audit.archive.tree.trees import LEAVES, LINES, RUNS, head, read_node

PROGRAM = Path(__file__).parent / "go"
# Where Debian installs the source of Go packages.
SOURCES = Path("/usr/share/gocode")
SIZES = [*range(1, 34), 255, 256, 257, 600]
INSTALLED = shutil.which("go") and (SOURCES / "src/golang.org/x/mod").is_dir()


def text(data: bytes) -> str:
    return b64encode(data).decode()


def inclusions() -> Iterator[dict[str, Any]]:
    for size in SIZES:
        root = text(head(size).root)
        for index in {*range(min(size, 34)), size // 2, size - 1}:
            proof = inclusion_path(index, size).compute(read_node)
            yield {
                "Leaf": text(LINES[index]),
                "Index": index,
                "Size": size,
                "Root": root,
                "Proof": list(map(text, proof)),
            }


def consistencies() -> Iterator[dict[str, Any]]:
    heads = {size: text(head(size).root) for size in SIZES}
    for size in SIZES:
        for old in (each for each in SIZES if each <= size):
            proof = consistency_path(old, size).compute(read_node)
            yield {
                "OldSize": old,
                "OldRoot": heads[old],
                "Size": size,
                "Root": heads[size],
                "Proof": list(map(text, proof)),
            }


def notes() -> Iterator[dict[str, Any]]:
    """Yield a checkpoint with two signatures, and each damage to one character."""
    note = Checkpoint(NAME, head(5)).sign(KEY)
    message = str(note.add(cosign(note.text, 1_700_000_000)))
    for place in range(len(message) + 1):
        for new in ("", "\n", " ", "é", "A"):
            damaged = message[:place] + new + message[place + 1 :]
            yield judge(damaged, KEY.verifier)
    yield judge(message, KEY.verifier)
    yield judge(message, NEW_KEY.verifier)


def judge(message: str, key: VerifierKey) -> dict[str, Any]:
    """Return what the application says of the note, for comparison."""
    try:
        note = Note.parse(message)
        note.verify(key)
    except ProofException:
        return {"Key": str(key), "Message": message, "Valid": False}
    return {"Key": str(key), "Message": message, "Text": note.text, "Valid": True}


def tiles() -> Iterator[dict[str, Any]]:
    data = {TileId(0, n): LEAVES[256 * n : 256 * n + 256] for n in range(3)}
    data[TileId(1, 0)] = list(RUNS[8].hashes)
    for run in RUNS:
        for index in (run.start, run.start + len(run.hashes) - 1):
            tile = locate(Node(run.level, index)).tile
            yield {
                "Level": tile.level,
                "Index": tile.index,
                "Width": len(data[tile]),
                "Data": text(b"".join(data[tile])),
                "Node": [run.level, index],
                "Hash": text(read_node(run.level, index)),
            }


@pytest.mark.golang
@pytest.mark.skipif(not INSTALLED, reason="Go or golang.org/x/mod is not installed")
def test_go_agrees(tmp_path: Path) -> None:
    checks = {
        "Inclusions": list(inclusions()),
        "Consistencies": list(consistencies()),
        "Notes": list(notes()),
        "Tiles": list(tiles()),
    }
    assert {note["Valid"] for note in checks["Notes"]} == {True, False}
    program = tmp_path / "check"
    cache = os.environ.get("GOCACHE", str(tmp_path / "cache"))
    env = os.environ | {"GO111MODULE": "off", "GOPATH": str(SOURCES), "GOCACHE": cache}
    command = ["go", "build", "-o", str(program), "main.go"]
    subprocess.run(command, cwd=PROGRAM, env=env, check=True)
    done = subprocess.run(
        [program], input=json.dumps(checks), capture_output=True, text=True, check=True
    )
    counts = " ".join(str(len(each)) for each in checks.values())
    assert done.stdout.splitlines() == [counts]

"""scripts/verify_log.py, which shares no code with the application, agrees with it."""

import json
import re
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from app.audit.archive.tree.checkpoints import Checkpoint
from app.audit.archive.tree.merkle import TreeHead
from app.audit.archive.tree.paths import Path as ProofPath
from app.audit.archive.tree.paths import consistency_path, inclusion_path
from app.audit.archive.tree.rotation import sign_successor
from app.audit.archive.tree.signer_keys import SignerKey
from scripts import verify_log
from tests.audit.archive.tree.signers import KEY, NAME, NEW_KEY, STRANGER, cosign
from tests.audit.archive.tree.trees import LINES, head, read_node

SIZES = [1, 2, 3, 6, 7, 8, 300]
Capture = pytest.CaptureFixture[str]


def text(data: bytes) -> str:
    return b64encode(data).decode()


def hashes(path: ProofPath) -> list[str]:
    return [text(each) for each in path.compute(read_node)]


def note(size: int, key: SignerKey = KEY) -> str:
    signed = Checkpoint(key.name, head(size)).sign(key)
    return str(signed.add(cosign(signed.text, 1)))


def inclusion(index: int, size: int) -> dict[str, object]:
    path = hashes(inclusion_path(index, size))
    proof = {"leaf": text(LINES[index]), "index": index, "size": size}
    return proof | {"hashes": path, "checkpoint": note(size)}


class Auditor:
    """Run the script on the files of a proof."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, command: str, *files: object, key: object = KEY.verifier) -> int:
        paths = [self.folder / str(number) for number in range(len(files))]
        for path, content in zip(paths, files, strict=True):
            is_text = isinstance(content, str)
            path.write_text(str(content) if is_text else json.dumps(content))
        return verify_log.main(["--key", str(key), command, *map(str, paths)])


@pytest.fixture
def auditor(tmp_path: Path) -> Auditor:
    return Auditor(tmp_path)


@pytest.mark.parametrize("size", SIZES)
def test_a_leaf_is_proven(auditor: Auditor, size: int) -> None:
    for index in {0, size // 2, size - 1}:
        proof = inclusion(index, size)
        assert auditor.run("inclusion", proof) == 0
        assert auditor.run("inclusion", proof | {"leaf": text(b"other")}) == 1
        assert auditor.run("inclusion", proof | {"index": index + 1}) == 1
        assert auditor.run("inclusion", proof | {"size": size + 1}) == 1
        assert auditor.run("inclusion", proof | {"checkpoint": note(size + 1)}) == 1
        more = [*hashes(inclusion_path(index, size)), text(b"x" * 32)]
        assert auditor.run("inclusion", proof | {"hashes": more}) == 1
        fewer = {"hashes": more[1:-1]}
        assert auditor.run("inclusion", proof | fewer) == (size != 1)


@pytest.mark.parametrize("size", SIZES)
def test_growth_is_proven(auditor: Auditor, size: int) -> None:
    for old in {0, 1, size // 2, size}:
        path = hashes(consistency_path(old, size))
        proof = {"from": old, "to": size, "hashes": path}
        notes = note(old), note(size)
        assert auditor.run("consistency", proof, *notes) == 0
        more = proof | {"hashes": [*path, text(b"x" * 32)]}
        assert auditor.run("consistency", more, *notes) == 1
        assert auditor.run("consistency", proof, *notes[::-1]) == (old != size)
        forged = Checkpoint(NAME, head(size)._replace(root=b"f" * 32)).sign(KEY)
        assert auditor.run("consistency", proof, notes[0], str(forged)) == (old > 0)


def test_an_empty_log_has_one_root(auditor: Auditor) -> None:
    forged = Checkpoint(NAME, TreeHead(0, b"f" * 32)).sign(KEY)
    proof = {"from": 0, "to": 3, "hashes": []}
    assert auditor.run("consistency", proof, note(0), note(3)) == 0
    assert auditor.run("consistency", proof, str(forged), note(3)) == 1


def test_a_rotation_is_proven(auditor: Auditor, capsys: Capture) -> None:
    statement = str(sign_successor(KEY, NEW_KEY.verifier))
    assert auditor.run("rotation", statement) == 0
    assert str(NEW_KEY.verifier) in capsys.readouterr().out
    assert auditor.run("rotation", statement, key=NEW_KEY.verifier) == 1
    assert auditor.run("rotation", note(5)) == 2


def test_the_key_of_another_log_proves_nothing(
    auditor: Auditor, capsys: Capture
) -> None:
    for key in (NEW_KEY, STRANGER):
        assert auditor.run("inclusion", inclusion(1, 5), key=key.verifier) == 1
    assert "No signature is by a given key." in capsys.readouterr().err
    growth = {"from": 5, "to": 5, "hashes": []}
    assert auditor.run("consistency", growth, note(5), note(5, STRANGER)) == 1


@pytest.mark.parametrize(
    "change",
    [
        "no JSON",
        "[]",
        "[" * 100_000,
        {"leaf": None},
        {"leaf": "é"},
        {"index": -1},
        {"index": "1"},
        {"size": 2.0},
        {"hashes": "x"},
        {"hashes": [1]},
        {"hashes": ["AAAA"]},
        {"checkpoint": "x"},
        {"checkpoint": "\n\n\n\n"},
        {"checkpoint": note(5).replace("— ", "- ")},
    ],
)
def test_a_malformed_proof_is_unreadable(
    auditor: Auditor, capsys: Capture, change: str | dict[str, object]
) -> None:
    proof = change if isinstance(change, str) else inclusion(1, 5) | change
    assert auditor.run("inclusion", proof) == 2
    assert capsys.readouterr().err.startswith("Unreadable: ")


@pytest.mark.parametrize("key", ["", "x", f"{KEY.verifier}x", f"x{KEY.verifier}"])
def test_a_malformed_key_is_unreadable(auditor: Auditor, key: str) -> None:
    assert auditor.run("inclusion", inclusion(1, 5), key=key) == 2


def test_a_missing_file_is_unreadable(tmp_path: Path) -> None:
    arguments = ["--key", str(KEY.verifier), "inclusion", str(tmp_path / "none")]
    assert verify_log.main(arguments) == 2


def test_the_script_stands_alone() -> None:
    path = Path(verify_log.__file__)
    lines = re.findall(r"^ *(?:import|from) (\w+)", path.read_text(), re.MULTILINE)
    assert set(lines) - sys.stdlib_module_names == {"cryptography"}
    command = [sys.executable, "-I", str(path), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Exit code: 0 proven" in done.stdout

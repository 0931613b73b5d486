"""A file of exported checkpoints that was spoilt does not stop the verification."""

import json
from pathlib import Path

import pytest

from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.commands import command
from tests.audit.archive.rows import AuditLog

pytestmark = pytest.mark.either
SPOILT = [
    b"\xff\n",
    b"{\n",
    b"{}\n",
    b'{"number": 1.5, "hash": "a"}\n',
    b'{"number": 1, "hash": "\\ud800"}\n',
    b'{"number": 1%s, "hash": "a"}\n' % (b"0" * 5_000),
    b"\x1b[2J\n",
    "— name AAAA\n".encode(),
]


@pytest.mark.slow
@pytest.mark.parametrize("line", SPOILT, ids=lambda line: repr(line[:12]))
def test_a_line_that_is_no_checkpoint_is_a_finding(
    archived: AuditLog, tmp_path: Path, line: bytes
) -> None:
    file = tmp_path / "checkpoints.txt"
    notes = "".join(seal.note or "" for seal in archived.seals())
    file.write_bytes(notes.encode() + b"\n" + line)
    done = command(archived, "verify", "--json", "--seals", str(file))
    report = json.loads(done.output)
    assert (done.code, report["counts"]) == (4, {FindingKind.SEAL_FORGED: 1})
    assert report["findings"][0]["where"].isprintable()
    assert (report["live"], report["files"]) > (0, 0)

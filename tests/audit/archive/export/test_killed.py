"""An export that is killed is repeated from its last cursor, and misses nothing."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.audit.archive.logs import CHANGES
from tests.audit.archive.rows import AuditLog, make_changes
from tests.databases import ROOT
from tests.processes.servers import TIMEOUT, environment

pytestmark = pytest.mark.heavy
SCRIPT = (sys.executable, "scripts/archive_audit.py", "export", "--format", "jsonl")


def parse(line: str) -> str:
    """Return the id of a row; nothing for a line that was cut."""
    try:
        return str(json.loads(line)["id"])
    except ValueError:
        return ""


@pytest.mark.parametrize("pages", [1, 3])
def test_no_row_is_missing(audit_log: AuditLog, tmp_path: Path, pages: int) -> None:
    audit_log.add(CHANGES, make_changes(4, 1_000))
    wanted = {str(row["id"]) for row in audit_log.rows(CHANGES)}
    output, cursors = tmp_path / "lines", tmp_path / "cursors"
    words = ("--output", str(output), "--cursor-file", str(cursors))
    env = environment(audit_log.settings.DATABASE_URL)
    first = subprocess.Popen((*SCRIPT, *words), cwd=ROOT, env=env)
    deadline = time.monotonic() + TIMEOUT
    while first.poll() is None and time.monotonic() < deadline:
        if output.exists() and output.read_bytes().count(b"\n") >= 500 * pages:
            break
    first.kill()
    first.wait()
    subprocess.run((*SCRIPT, *words), cwd=ROOT, env=env, check=True)
    ids = [parse(line) for line in output.read_text().splitlines()]
    assert {*ids} >= wanted
    assert ids.count("") <= 1

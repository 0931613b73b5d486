"""rsyslog, as the guide configures it, sends each exported line to a server."""

import json
import shutil
import socketserver
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from app.audit.archive.logs import CHANGES
from tests.audit.archive.commands import command
from tests.audit.archive.rows import AuditLog, make_changes
from tests.databases import ROOT
from tests.processes.servers import free_port, wait_until
from tests.programs import needs, require

pytestmark = [needs("rsyslogd"), pytest.mark.heavy, pytest.mark.either]
CONFIGURATION = ROOT / "scripts/deploy/rsyslog.conf"
LONG = "é\\\0" * 200_000  # its line has 2 MB


class Siem(socketserver.ThreadingTCPServer):
    """A server that keeps the lines that it receives."""

    daemon_threads = allow_reuse_address = True

    def __init__(self, port: int) -> None:
        self.lines: list[bytes] = []
        super().__init__(("127.0.0.1", port), Receiver)


class Receiver(socketserver.StreamRequestHandler):
    server: Siem

    def handle(self) -> None:
        self.server.lines += self.rfile


@contextmanager
def receiving(port: int) -> Iterator[Siem]:
    with Siem(port) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@contextmanager
def shipping(file: Path, port: int, folder: Path) -> Iterator[None]:
    """Run rsyslog with the guide's file, and the addresses of the test."""
    text = CONFIGURATION.read_text()
    for shown, own in (
        ("/var/log/backoffice/audit.ocsf.jsonl", str(file)),
        ("siem.example.com", "127.0.0.1"),
        ("6514", str(port)),
        ("global(", f'global(workDirectory="{folder}" '),
    ):
        assert text.count(shown) == 1
        text = text.replace(shown, own)
    (folder / "rsyslog.conf").write_text(text)
    # AppArmor confines the installed program, by its path, to its own folders.
    program = shutil.copy(require("rsyslogd"), folder)
    options = ("-n", "-f", f"{folder}/rsyslog.conf", "-i", f"{folder}/pid")
    process = subprocess.Popen((program, *options))
    try:
        yield
    finally:
        process.terminate()
        process.wait()


class Exported:
    """The file that the command appends to, and the one before it."""

    def __init__(self, audit_log: AuditLog, folder: Path) -> None:
        self.audit_log = audit_log
        self.file, self.former = folder / "audit.ocsf.jsonl", folder / "audit.1"
        self.cursor = folder / "cursor"

    def export(self, rows: list[dict[str, Any]]) -> None:
        self.audit_log.add(CHANGES, rows)
        words = ("--format", "ocsf", "--output", str(self.file))
        cursor = ("--cursor-file", str(self.cursor))
        assert command(self.audit_log, "export", *words, *cursor).code == 0

    def lines(self) -> set[bytes]:
        files = (each for each in (self.former, self.file) if each.exists())
        return {line for each in files for line in each.read_bytes().splitlines(True)}


def test_each_line_arrives(audit_log: AuditLog, tmp_path: Path) -> None:
    """Also a long one, those of a renamed file, and those from before the server."""
    first, second, third = (make_changes(3)[day * 6 : day * 6 + 6] for day in range(3))
    first[0] |= {"new": {"notes": LONG}}
    exported, port = Exported(audit_log, tmp_path), free_port()
    exported.export(first)
    with shipping(exported.file, port, tmp_path):
        wait_until(lambda: any(tmp_path.glob("imfile-state*")), "The file is not read")
        exported.file.rename(exported.former)
        exported.export(second)
        with receiving(port) as siem:
            wait_until(lambda: {*siem.lines} == exported.lines(), "Lines are missing")
            exported.export(third)
            wait_until(lambda: {*siem.lines} == exported.lines(), "Lines are missing")
    assert max(map(len, siem.lines)) > 1_000_000
    assert all(json.loads(line) for line in siem.lines)

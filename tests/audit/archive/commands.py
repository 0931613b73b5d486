"""The archiver as an administrator starts it: a process of its own."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from tests.audit.archive.rows import KEPT, Trail
from tests.databases import ROOT
from tests.servers import environment

KEEP = ("--until", f"{KEPT:%Y-%m-%d}")


@dataclass
class Done:
    code: int
    output: str
    complaint: str

    @property
    def json(self) -> Any:
        return json.loads(self.output)


def command(trail: Trail, *words: str, **values: str) -> Done:
    values = {"AUDIT_ARCHIVE_DIR": str(trail.folder)} | values
    done = subprocess.run(
        (sys.executable, "scripts/archive_audit.py", *words),
        cwd=ROOT,
        env=environment(trail.settings.DATABASE_URL, **values),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)

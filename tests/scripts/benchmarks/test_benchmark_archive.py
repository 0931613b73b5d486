"""The archive benchmark runs and measures every value."""

import json
import subprocess
import sys
from subprocess import PIPE

import pytest

from tests.databases import ROOT

QUICK = ("--rows=2000", "--records=500", "--rate=20", "--idle=0.5", "--json")


@pytest.mark.slow
@pytest.mark.heavy
def test_every_value_is_measured() -> None:
    command = [sys.executable, "scripts/benchmark_archive.py", *QUICK]
    done = subprocess.run(command, cwd=ROOT, stdout=PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    assert found["rows"] == 2000
    assert found["archived, bytes/row"] < found["live, bytes/row"]
    assert min(found.values()) > 0

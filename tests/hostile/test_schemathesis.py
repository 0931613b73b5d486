"""Schemathesis reads the document, and sends what it allows and what it forbids."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import Server

# Not `positive_data_acceptance`: a document cannot tell that a text holds control
# characters, that a record exists, or that `after` goes with the default order.
LEFT_OUT = "positive_data_acceptance"
EXAMPLES = 5


@pytest.mark.slow
def test_schemathesis_finds_nothing(server: Server, tmp_path: Path) -> None:
    command: list[str] = [
        *(str(Path(sys.executable).parent / "schemathesis"), "run"),
        *(f"{server.base_url}/openapi.json", "--checks=all"),
        *(f"--exclude-checks={LEFT_OUT}", f"--max-examples={EXAMPLES}", "--seed=1"),
        *("--continue-on-failure", "--warnings=off", "--no-color"),
        "--generation-database=none",
    ]
    run = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert server.log.read_text() == ""

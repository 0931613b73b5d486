"""Schemathesis reads the document, and sends what it allows and what it forbids."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.accounts import root_header
from tests.databases import make_settings
from tests.servers import Server, serving

# Not `positive_data_acceptance`: a document cannot tell that a text holds control
# characters, that a record exists, or that `after` goes with the default order.
LEFT_OUT = "positive_data_acceptance"
EXAMPLES = 5


@pytest.mark.slow
def test_schemathesis_finds_nothing(url: str, tmp_path: Path) -> None:
    # On a server of its own: a superuser may well end her own session.
    with serving(url, tmp_path, LOG_LEVEL="ERROR") as server:
        attack(server, tmp_path)


def attack(server: Server, folder: Path) -> None:
    signed = root_header(make_settings("sqlite:///"))["authorization"]
    command: list[str] = [
        *(str(Path(sys.executable).parent / "schemathesis"), "run"),
        *(f"{server.base_url}/openapi.json", "--checks=all"),
        *(f"--exclude-checks={LEFT_OUT}", f"--max-examples={EXAMPLES}", "--seed=1"),
        *("--continue-on-failure", "--warnings=off", "--no-color"),
        # What signs the superuser out would leave nothing but 401 for the others.
        "--exclude-path-regex=/auth/(logout|password|sessions)",
        *("--generation-database=none", "-H", f"Authorization: {signed}"),
    ]
    run = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert server.log.read_text() == ""

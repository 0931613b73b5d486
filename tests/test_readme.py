"""The commands of README.md, run by bash against a server."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.accounts import PASSWORD, add_account
from tests.databases import ROOT, make_settings
from tests.processes.servers import serving

README = (ROOT / "README.md").read_text(encoding="utf-8")
AUDIT = (ROOT / "docs/AUDIT_GUIDE.md").read_text(encoding="utf-8")
# Exit at the first command that fails or receives an error response.
STRICT = 'set -euo pipefail; curl() { command curl --fail-with-body "$@"; }\n'


def calls_of(text: str, heading: str) -> str:
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return "\n".join(re.findall(r"```bash\n(.+?)```", section, re.DOTALL))


def test_the_two_commands_come_right_after_the_title() -> None:
    title, run, test = (line for line in README.splitlines()[:4] if line)
    assert title.startswith("# ")
    assert run.split("#")[0].strip() == "./scripts/run"
    assert test.split("#")[0].strip() == "./scripts/test"


@pytest.mark.slow
def test_the_first_calls_work_as_typed_and_work_twice(url: str, tmp_path: Path) -> None:
    admin = {"email": "admin@example.com", "is_superuser": True}
    add_account(make_settings(url), **admin)
    commands = calls_of(README, "The first calls")
    assert commands.count("curl") == 7
    commands += calls_of(AUDIT, "The past of a collection")
    assert commands.count("curl") == 10
    with serving(url, tmp_path) as server:
        script = STRICT + commands.replace("http://localhost:8000", server.base_url)
        for _ in range(2):
            done = subprocess.run(
                ["bash", "-c", script],
                input=f"{PASSWORD}\n",
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            assert '"price":"36.00"' in done.stdout
            assert '"reason":"revert to version 1"' in done.stdout

"""The commands of the guides work as they are written, beside a server."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.accounts import PASSWORD, add_account
from tests.audit.archive.rows import AuditLog
from tests.databases import ROOT, make_settings
from tests.processes.servers import Server, environment, serving
from tests.scripts.guides.commands import GUIDES, commands_of, place_of

# Exit at the first command that fails or receives an error response. A stream has no
# end: curl gives up after a time, with the exit code 28.
STRICT = """set -euo pipefail
curl() {
    local code=0
    command curl --fail-with-body --max-time $LIMIT "$@" || code=$?
    [ $code = 0 ] || [ $code = $EXPECTED ]
}
"""
STREAM, ANSWER = {"LIMIT": "2", "EXPECTED": "28"}, {"LIMIT": "60", "EXPECTED": "0"}
COLD = "/tmp/cold"  # noqa: S108  of a guide, as the following ones
FOLDERS = (COLD, "/mnt/worm", "/run/lock", "/var/lib/backoffice", "/var/log/backoffice")
PROGRAMS = ("app", "alembic", "alembic.ini", "scripts", "scripts/verify_log.py")
CUSTOMER = "01a2271e-5112-7705-a60f-60d17a2571b3"  # in a guide
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
CASES = {
    guide.name: commands
    for guide in GUIDES
    if (commands := [each for each in commands_of(guide) if not place_of(guide, each)])
}


def test_what_runs_elsewhere_names_its_test() -> None:
    places = {place_of(guide, each) for guide in GUIDES for each in commands_of(guide)}
    assert [place for place in places if not (ROOT / place).exists()] == []
    assert sum(map(len, CASES.values())) > 50


@dataclass
class Host:
    """A folder with the programs, and the environment of its commands.

    `names` are what a reader replaces in the commands.
    """

    folder: Path
    variables: dict[str, str]
    names: dict[str, str] = field(default_factory=dict)

    def run(self, command: str) -> None:
        if "mkdir" in command:
            shutil.rmtree(self.folder / COLD.strip("/"))
        done = subprocess.run(
            ("bash", "-c", STRICT + self.here(command)),
            cwd=self.folder,
            env=self.variables | (STREAM if "/stream" in command else ANSWER),
            input=f"{PASSWORD}\n",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, command + done.stdout + done.stderr
        if "hold place" in command:
            self.names["HOLD"] = re.findall(UUID, done.stdout)[0]

    def here(self, command: str) -> str:
        """Return the command with the paths and names of this host."""
        for folder in FOLDERS:
            command = command.replace(folder, str(self.folder / folder.strip("/")))
        for name, value in self.names.items():
            command = re.sub(rf"(?<![$\w]){name}\b", value, command)
        return command


@pytest.fixture
def host(url: str, tmp_path: Path) -> Iterator[Host]:
    for name in PROGRAMS:
        (tmp_path / Path(name).name).symlink_to(ROOT / name)
    for folder in ("archive", "keys", *FOLDERS):
        (tmp_path / folder.strip("/")).mkdir(parents=True)
    values: dict[str, Any] = {
        "AUDIT_ARCHIVE_DIR": str(tmp_path / "archive"),
        "AUDIT_SEAL_FILE": str(tmp_path / "checkpoints.txt"),
    }
    settings = make_settings(url, **values)
    add_account(settings, email="admin@example.com", is_superuser=True)
    with serving(url, tmp_path, **values) as server:
        variables, names = fill(server)
        AuditLog(settings, tmp_path / "archive").seal()
        with server.client() as client:
            key = client.get("/audit/key?log=changes").raise_for_status().text
        (tmp_path / "key.txt").write_text(key)
        keys = f"sqlite:///{tmp_path}/keys/keys.db"
        path = f"{Path(sys.executable).parent}:{environment(url)['PATH']}"
        own = environment(url, PATH=path, PERSONAL_KEYS_URL=keys, **values)
        yield Host(tmp_path, own | variables, names)


def fill(server: Server) -> tuple[dict[str, str], dict[str, str]]:
    """Make records and changes; return the variables and names of the guides."""
    with server.client() as client:
        new = ({"sku": f"P-{n}", "name": "Pen", "price": "1.00"} for n in range(220))
        items = [{"op": "create", "data": each} for each in new]
        client.post("/products/bulk", json={"items": items}).raise_for_status()
        eva = {"name": "Eva", "email": "eva@example.com"}
        customer = client.post("/customers", json=eva).raise_for_status().json()
        pens = client.get("/products?limit=2").raise_for_status().json()["items"]
        for price in ("2.00", "3.00"):
            path, body = f"/products/{pens[0]['id']}", {"price": price}
            client.patch(path, json=body).raise_for_status()
        changes = client.get("/audit/changes?entity=Product").raise_for_status().json()
        user = client.get("/users?q=admin").raise_for_status().json()["items"][0]
        authorization = client.headers["authorization"]
    change = changes["items"][0]
    variables = {
        "API": f"{server.base_url}/api/v1",
        "AUTH": f"Authorization: {authorization}",
        "PASSWORD": PASSWORD,
        "LAST": changes["complete_until"],
        "ID": pens[0]["id"],
        "OTHER": pens[1]["id"],
    }
    return variables, {
        "localhost:8000": server.base_url.removeprefix("http://"),
        CUSTOMER: customer["id"],
        "changes ID": f"changes {change['id']}",
        r"changes/\$ID": f"changes/{change['id']}",
        r"users/\$ID": f"users/{user['id']}",
        "ID": change["entity_id"],
        "FILE": str(server.log.parent / "siem.json"),
    }


@pytest.mark.slow
@pytest.mark.heavy
@pytest.mark.parametrize("guide", CASES)
def test_the_commands_work_as_typed(host: Host, guide: str) -> None:
    for command in CASES[guide]:
        host.run(command)

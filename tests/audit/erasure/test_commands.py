"""The commands of scripts/personal_data.py: what they print, and their exit codes."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient

from app.core.config import Settings
from tests.audit.erasure.conftest import Commands
from tests.databases import ROOT
from tests.processes.forked import Done, command
from tests.processes.servers import environment

pytestmark = pytest.mark.heavy
SCRIPT = "scripts/personal_data.py"
NO_ONE = "01a2271e-5112-7705-a60f-60d17a2571b3"
REASON = ("--reason", "Request 7")


class Script:
    def __init__(self, settings: Settings) -> None:
        names = ("PERSONAL_KEYS_URL", "AUDIT_SEAL_FILE")
        self.url = settings.DATABASE_URL
        self.values = {name: getattr(settings, name) for name in names}

    def run(self, *words: str, script: str = SCRIPT, **values: str) -> Done:
        return command((script, *words), environment(self.url, **self.values | values))


@pytest.fixture
def script(settings: Settings) -> Script:
    return Script(settings)


def test_a_person_is_exported_and_erased(
    client: TestClient, script: Script, ada: str
) -> None:
    done = script.run("export", "customer", ada)
    items: list[dict[str, Any]] = [orjson.loads(it) for it in done.output.splitlines()]
    assert [it["kind"] for it in items] == ["record", "change", "change"]
    assert (items[0]["name"], items[1]["new"]["name"]) == ("Ada King", "Ada Lovelace")
    done = script.run("erase", "Customer", ada, *REASON, "--vacuum")
    assert (done.code, done.errors) == (0, "")
    assert "1 key destroyed, 0 kept responses deleted, live values" in done.output
    assert "Not reached:" in done.output
    assert "--vacuum" not in done.output
    entries = client.get("audit/changes?entity=personal_key").json()["items"]
    reasons = [entry["reason"] for entry in entries]
    assert reasons == ["erased: Request 7", "exported"]
    assert script.run("reapply").output.endswith("applied: 0.\n")


def test_an_export_that_is_cut_off_is_recorded(
    client: TestClient, script: Script, ada: str
) -> None:
    values = {**script.values, "PYTHONUNBUFFERED": "1"}
    with Path("/dev/full").open("w") as full:
        failed = subprocess.run(
            [sys.executable, SCRIPT, "export", "Customer", ada],
            cwd=ROOT,
            env=environment(script.url, **values),
            stdout=full,
            check=False,
        )
    assert failed.returncode == 1
    entries = client.get("audit/changes?entity=personal_key").json()["items"]
    assert [entry["reason"] for entry in entries] == ["exported"]


def test_what_is_refused_has_an_exit_code(
    script: Script, commands: Commands, ada: str, tmp_path: Path
) -> None:
    assert script.run("erase", "Customer", NO_ONE, *REASON).code == 2
    assert script.run("erase", "Product", NO_ONE, *REASON).code == 2
    assert script.run("export", "Customer", NO_ONE).code == 2
    words = ("hold", "place", "Customer", "--id", ada, "--reason", "Case 12")
    assert script.run(*words, script="scripts/archive_audit.py").code == 0
    held = script.run("erase", "Customer", ada, *REASON)
    assert (held.code, held.output) == (3, "")
    assert "Case 12" in held.errors
    unset = script.run("erase", "Customer", ada, *REASON, PERSONAL_KEYS_URL="")
    assert (unset.code, "PERSONAL_KEYS_URL" in unset.errors) == (1, True)
    unset = script.run("erase", "Customer", ada, *REASON, AUDIT_SEAL_FILE="")
    assert (unset.code, "AUDIT_SEAL_FILE" in unset.errors) == (1, True)


def test_without_the_store_commands_end_with_a_sentence(
    script: Script, ada: str, tmp_path: Path
) -> None:
    keys = {"PERSONAL_KEYS_URL": f"sqlite:///{tmp_path}/other.db"}
    away = "The keys of personal data are unavailable"
    for words, code in (
        ((SCRIPT, "erase", "Customer", ada, *REASON), 1),
        (("scripts/check_audit.py", "--seals", ""), 3),
        (("scripts/archive_audit.py", "query", "--id", ada), 1),
    ):
        first, *rest = words
        done = script.run(*rest, script=first, AUDIT_ARCHIVE_DIR=str(tmp_path), **keys)
        assert (done.code, away in done.errors) == (code, True), done
    assert script.run("init", **keys).code == 0
    assert (tmp_path / "other.db").stat().st_mode & 0o077 == 0
    assert script.run("init", **keys).code == 1
    # A store without the keys: values are hidden, and not compared.
    done = script.run("--seals", "", script="scripts/check_audit.py", **keys)
    assert (done.code, "not compared" in done.output) == (0, True), done


def test_a_ledger_that_cannot_be_used_is_named(
    client: TestClient, script: Script, commands: Commands, ada: str
) -> None:
    """With its setting, and not as a fault of the database."""
    commands.ledger.path.mkdir()
    for words, done in (
        (("erase", "Customer", ada, *REASON), "written"),
        (("reapply",), "read"),
    ):
        failed = script.run(*words)
        assert (failed.code, failed.output) == (1, "")
        assert failed.errors == (
            f"The ledger of erasures can't be {done}, {commands.ledger.path}: "
            "Is a directory. It is beside AUDIT_SEAL_FILE.\n"
        )
    assert client.get(f"customers/{ada}").json()["name"] == "Ada King"

"""Rows whose leaves are in files only are proven by the command."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.audit.archive.canonical import decode_row
from app.audit.archive.logs import CHANGES
from app.core.config import Settings
from app.core.db.ids import uuid7
from scripts import verify_log
from tests.audit.archive.commands import command
from tests.audit.archive.places import both_places
from tests.audit.archive.rows import AuditLog
from tests.audit.archive.verify import tampering

pytestmark = [both_places, pytest.mark.either, pytest.mark.slow]


@pytest.fixture
def settings(cold: AuditLog) -> Settings:
    """Let `client` use the database of the logs."""
    return cold.settings


def archived_ids(log: AuditLog) -> list[str]:
    return [decode_row(line)["id"] for line in log.lines(CHANGES)]


def verify(tmp_path: Path, key: str, *words: object) -> int:
    paths = []
    for number, word in enumerate(words[1:]):
        path = tmp_path / f"{number}"
        path.write_text(word if isinstance(word, str) else json.dumps(word))
        paths.append(str(path))
    return verify_log.main(["--key", key, str(words[0]), *paths])


def prove(log: AuditLog, *words: str) -> Any:
    done = command(log, *words)
    assert (done.code, done.errors) == (0, "")
    return json.loads(done.output)


def test_an_archived_row_is_proven(
    cold: AuditLog, client: TestClient, tmp_path: Path
) -> None:
    key = client.get("audit/key").text
    ids = archived_ids(cold)
    for id in (ids[0], ids[259], ids[539]):
        answer = client.get(f"audit/changes/{id}/proof")
        assert (answer.status_code, answer.json()["code"]) == (410, "archived")
        assert "archive_audit.py prove" in answer.json()["detail"]
        proof = prove(cold, "prove", "changes", id)
        assert id.encode() in verify_log.decode(proof["leaf"])
        assert verify(tmp_path, key, "inclusion", proof) == 0
    live = cold.rows(CHANGES)[-1]["id"]
    proof = client.get(f"audit/changes/{live}/proof").json()
    assert verify(tmp_path, key, "inclusion", proof) == 0
    assert command(cold, "prove", "changes", str(uuid7())).code == 2


def test_growth_from_an_archived_checkpoint_is_proven(
    cold: AuditLog, client: TestClient, tmp_path: Path
) -> None:
    key = client.get("audit/key").text
    old, *_, new = (each for each in cold.seals() if each.log == CHANGES.name)
    query = f"from={old.size}&to={new.size}"
    answer = client.get(f"audit/consistency?{query}")
    assert (answer.status_code, answer.json()["code"]) == (410, "archived")
    assert "archive_audit.py consistency" in answer.json()["detail"]
    words = ("consistency", "changes", str(old.size), str(new.size))
    proof = prove(cold, *words)
    assert verify(tmp_path, key, "consistency", proof, old.note, new.note) == 0


@pytest.mark.heavy
def test_a_row_is_proven_without_the_files_of_its_neighbours(
    cold: AuditLog, client: TestClient, tmp_path: Path
) -> None:
    key = client.get("audit/key").text
    id = archived_ids(cold)[250]
    for path in tampering.files(cold)[:4]:
        path.unlink()
    proof = prove(cold, "prove", "changes", id)
    assert verify(tmp_path, key, "inclusion", proof) == 0


def test_a_changed_line_is_not_proven(cold: AuditLog) -> None:
    id = archived_ids(cold)[0]
    tampering.change_a_file(cold)
    done = command(cold, "prove", "changes", id)
    assert done.code == 4
    assert f"The archived entry {id} is not as it was sealed" in done.errors


@pytest.mark.heavy
def test_without_the_folder_there_is_no_proof(cold: AuditLog) -> None:
    id = archived_ids(cold)[0]
    done = command(cold, "prove", "changes", id, AUDIT_ARCHIVE_DIR="")
    assert done.code == 2
    assert "it is in cold storage" in done.errors


@pytest.mark.heavy
def test_an_archive_that_is_away_is_not_a_missing_entry(
    cold: AuditLog, tmp_path: Path
) -> None:
    """Live entries are proven without it."""
    away = {"AUDIT_ARCHIVE_DIR": str(tmp_path / "away")}
    live, archived = cold.rows(CHANGES)[-1]["id"], archived_ids(cold)[0]
    done = command(cold, "prove", "changes", str(live), **away)
    assert (done.code, done.errors) == (0, "")
    for words in (
        ("prove", "changes", archived),
        ("prove", "changes", str(uuid7())),
        ("consistency", "changes", "100", "200"),
    ):
        done = command(cold, *words, **away)
        assert (done.code, done.output) == (1, "")
        assert done.errors.startswith(f"Archive directory {tmp_path}/away does not ex")

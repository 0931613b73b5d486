"""Proofs by the API and the command are verified by the auditor's own program."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.audit.archive.logs import ACCESSES, CHANGES, Log
from app.core.clock import now
from app.core.db.ids import uuid7
from scripts import verify_log
from tests.audit.archive.checkpoints.old_seals import seal_as_before
from tests.audit.archive.commands import command
from tests.audit.archive.rows import AuditLog, make_accesses, make_change, make_changes
from tests.databases import make_settings

pytestmark = [pytest.mark.either, pytest.mark.slow]


@pytest.fixture
def own_log(url: str, audit_log: AuditLog) -> AuditLog:
    """The log of the database that `client` uses, with two tiles of old rows."""
    log = AuditLog(make_settings(url), audit_log.directory)
    log.add(CHANGES, make_changes(days=10, each=60))
    log.add(ACCESSES, make_accesses(days=2, each=4))
    return log


def verify_inclusion(tmp_path: Path, key: str, proof: Any) -> int:
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(proof))
    return verify_log.main(["--key", key, "inclusion", str(path)])


@pytest.mark.sampled
@pytest.mark.parametrize("has_old_seals", [False, True], ids=["new", "upgraded"])
def test_each_row_is_proven_to_an_auditor(
    own_log: AuditLog, client: TestClient, tmp_path: Path, has_old_seals: bool
) -> None:
    if has_old_seals:
        seal_as_before(own_log)
    own_log.seal()
    key = client.get("audit/key").text
    products = [each for each in own_log.rows(CHANGES) if each["entity"] == "Product"]
    for row in (products[0], products[255], products[300], products[-1]):
        proof = client.get(f"audit/changes/{row['id']}/proof").json()
        assert verify_inclusion(tmp_path, key, proof) == 0
    proof["leaf"] = "eA=="
    assert verify_inclusion(tmp_path, key, proof) == 1


@pytest.mark.heavy
def test_an_access_is_proven(
    own_log: AuditLog, client: TestClient, tmp_path: Path
) -> None:
    own_log.seal()
    key = client.get("audit/key?log=accesses").text
    id = own_log.rows(ACCESSES)[0]["id"]
    proof = client.get(f"audit/accesses/{id}/proof").json()
    assert verify_inclusion(tmp_path, key, proof) == 0


def test_growth_is_proven(
    own_log: AuditLog, client: TestClient, tmp_path: Path
) -> None:
    own_log.seal()
    old = client.get("audit/checkpoint")
    assert old.headers["content-type"] == "text/plain; charset=utf-8"
    own_log.add(CHANGES, make_changes(days=11, each=60)[600:])
    own_log.seal()
    new = client.get("audit/checkpoint").text
    sizes = [note.split("\n")[1] for note in (old.text, new)]
    query = f"from={sizes[0]}&to={sizes[1]}"
    proof = client.get(f"audit/consistency?{query}").json()
    assert proof.keys() == {"from", "to", "hashes"}
    paths = [tmp_path / name for name in ("proof.json", "old.txt", "new.txt")]
    for path, content in zip(paths, (json.dumps(proof), old.text, new), strict=True):
        path.write_text(content)
    key = client.get("audit/key").text
    words = ["--key", key, "consistency", *map(str, paths)]
    assert verify_log.main(words) == 0
    beyond = client.get(f"audit/consistency?from=1&to={int(sizes[1]) + 1}")
    assert beyond.status_code == 404


@pytest.mark.sampled
@pytest.mark.parametrize("log", [CHANGES, ACCESSES], ids=lambda log: log.name)
def test_what_cannot_be_proven(own_log: AuditLog, client: TestClient, log: Log) -> None:
    unknown = client.get(f"audit/{log.name}/{uuid7()}/proof")
    assert unknown.status_code == 404
    id = own_log.rows(log)[0]["id"]
    early = client.get(f"audit/{log.name}/{id}/proof")
    assert (early.status_code, early.json()["code"]) == (409, "not_sealed")
    assert early.headers["retry-after"] == "60"


def test_an_archived_row_is_gone(own_log: AuditLog, client: TestClient) -> None:
    own_log.add(CHANGES, [make_change(now(), 1_000)])
    id = own_log.rows(CHANGES)[-1]["id"]
    own_log.archive(now() + timedelta(days=1))
    answer = client.get(f"audit/changes/{id}/proof")
    assert (answer.status_code, answer.json()["code"]) == (410, "archived")


def test_the_commands_print_keys_checkpoints_and_proofs(
    audit_log: AuditLog, tmp_path: Path
) -> None:
    assert command(audit_log, "key").code == 2
    audit_log.fill(days=1)
    audit_log.seal()
    keys = command(audit_log, "key").output.splitlines()
    id = audit_log.rows(CHANGES)[0]["id"]
    done = command(audit_log, "prove", "changes", str(id))
    assert verify_inclusion(tmp_path, keys[0], json.loads(done.output)) == 0
    assert command(audit_log, "prove", "changes", str(uuid7())).code == 2
    notes = command(audit_log, "checkpoint").output
    assert notes == command(audit_log, "export-seal").output
    kept = tmp_path / "notes.txt"
    kept.write_text(notes)
    done = command(audit_log, "verify", "--seals", str(kept))
    assert "changes: 6 of 6 leaves are proven by an exported checkpoint" in done.output
    done = command(audit_log, "verify")
    assert "changes: no checkpoint kept elsewhere was given" in done.output
    private = command(audit_log, "key", "--private").output.strip()
    new = {"SECRET_KEY": "new-" + "s" * 40, "AUDIT_SIGNING_KEY": private}
    assert command(audit_log, "key", **new).output.splitlines() == keys

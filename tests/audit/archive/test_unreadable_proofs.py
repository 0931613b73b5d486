"""A row with any value is proven, also while a seal has an unreadable one."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.audit.archive.logs import ACCESSES, CHANGES, Log
from app.audit.archive.tree.encoding import decode_base64
from app.audit.archive.tree.merkle import TreeHead, leaf_hash
from app.audit.archive.tree.proofs import InclusionProof
from app.core.config import Settings
from tests.audit.archive.attacks.acts.target import Target
from tests.audit.archive.rows import AuditLog
from tests.audit.history.test_history import PEN, Json, body
from tests.audit.test_unreadable_rows import plant

pytestmark = pytest.mark.slow

SPOILT = ["audit_seal SET sealed_at", "audit_key SET created_at"]


def is_proven(proof: Json) -> bool:
    _, size, root, *_ = proof["checkpoint"].splitlines()
    hashes = [decode_base64(each) for each in proof["hashes"]]
    leaf = leaf_hash(decode_base64(proof["leaf"]))
    head = TreeHead(int(size), decode_base64(root))
    return InclusionProof(proof["index"], hashes).matches(leaf, head)


@pytest.mark.parametrize("log", [CHANGES, ACCESSES], ids=lambda log: log.name.value)
def test_a_row_with_any_value_is_proven(
    client: TestClient, settings: Settings, tmp_path: Path, log: Log
) -> None:
    id = body(client.post("products", json=PEN), 201)["id"]
    target = Target(settings.DATABASE_URL, tmp_path)
    plant(target, log, id)
    AuditLog(settings, tmp_path).seal()
    name = log.name.value
    rows = target.read(text(f"SELECT id FROM {log.live.name}"))  # noqa: S608
    paths = [f"audit/{name}/{row['id']}/proof" for row in rows]
    answers = [answer for path in paths if (answer := client.get(path)).is_success]
    assert len(answers) >= len(rows) - 6  # those that have no id or number
    assert all(is_proven(answer.json()) for answer in answers)
    value = "'20000-01-01'" if target.is_postgresql else "'x'"
    target.execute(*(text(f"UPDATE {each} = {value}") for each in SPOILT))
    proof = body(client.get(answers[0].request.url))
    assert is_proven(proof)
    for path in ("key", "checkpoint", "consistency?from=1"):
        query = f"{'&' if '?' in path else '?'}log={name}"
        assert client.get(f"audit/{path}{query}").status_code == 200

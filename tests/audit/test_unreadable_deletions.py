"""A record whose deletion was recorded with an odd value is restored, or refused."""

from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Uuid, bindparam, text

from tests.audit.archive.attacks.acts.target import Target
from tests.audit.history.test_history import PEN, body
from tests.audit.test_unreadable_rows import (
    POSTGRESQL,
    QUOTED,
    SQLITE,
)

pytestmark = pytest.mark.slow

MAXIMUM = str(2**31 - 1)
COLUMNS = ("old", "at", "version", "action")


@pytest.mark.parametrize("column", COLUMNS)
def test_a_restore_is_answered(client: TestClient, url: str, column: str) -> None:
    target = Target(url, Path())
    is_postgresql = target.is_postgresql
    values = (POSTGRESQL if is_postgresql else SQLITE)[column]
    if column == "version":
        values = [*values, MAXIMUM]
    for number, value in enumerate(values):
        pen = PEN | {"sku": f"PEN-{number}"}
        id = body(client.post("products", json=pen), 201)["id"]
        assert client.delete(f"products/{id}").status_code == 204
        is_document = value in QUOTED and is_postgresql
        stored = value.replace(":", r"\:") + (r"\:\:json" if is_document else "")
        update = f"UPDATE audit_change SET {column} = {stored} "  # noqa: S608
        row = text(f"{update} WHERE entity_id = :id AND action = 'DELETE'")
        target.execute(row.bindparams(bindparam("id", UUID(id), Uuid)))
        answer = client.post(f"products/{id}/restore")
        assert answer.status_code in (200, 404, 409, 422), (value, answer.text)

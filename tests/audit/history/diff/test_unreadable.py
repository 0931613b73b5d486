"""Changes that only SQL can have written, in a comparison of two times."""

from pathlib import Path
from uuid import UUID

from fastapi.testclient import TestClient
from sqlalchemy import update

from app.audit.archive.logs import model_table
from app.audit.models import AuditChange
from tests.audit.archive.attacks.acts.target import Target
from tests.audit.history.diff.test_diff import diff
from tests.audit.history.test_history import PEN, make, now

TABLE = model_table(AuditChange)


def test_a_change_that_cannot_be_read_hides_no_other_record(
    client: TestClient, url: str
) -> None:
    start = now()
    spoilt = make(client, "products", {**PEN, "sku": "PEN-1"})
    make(client, "products", {**PEN, "sku": "PEN-2"})
    for stock in (5, 6):
        client.patch(spoilt, json={"stock": stock})
    record = TABLE.c.entity_id == UUID(spoilt.rpartition("/")[2])
    row = update(TABLE).where(record, TABLE.c.version == 2)
    Target(url, Path()).execute(row.values(new=["spoilt"]))
    unknown, known = diff(client, start, now(), entity="Product")
    assert unknown == {
        "entity": "Product",
        "id": spoilt.rpartition("/")[2],
        "from_version": None,
        "to_version": None,
        "changed": {},
        "unreadable": ["new"],
    }
    assert known["changed"]["sku"] == [None, "PEN-2"]
    assert "unreadable" not in known

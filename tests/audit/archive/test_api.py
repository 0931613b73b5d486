"""Responses of the API about archived changes."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from app.audit.archive.models import FileState
from app.audit.history.collection.repository import PastRepository
from app.audit.history.diff.repository import DiffRepository
from app.audit.history.repository import HistoryRepository
from app.audit.repository import AuditRepository
from tests.audit.archive.races.conftest import meanwhile
from tests.audit.archive.races.meanwhile import Meanwhile
from tests.audit.archive.rows import OLD, TODAY, AuditLog
from tests.audit.archive.verify.tampering import FILES, ROWS, execute
from tests.audit.history.test_history import LATE, PEN, at, body, history, make
from tests.contract import status_and_code

__all__ = ["meanwhile"]  # a fixture

pytestmark = [pytest.mark.either, pytest.mark.slow]

YESTERDAY = (TODAY - timedelta(days=1)).isoformat()
BEFORE = (OLD - timedelta(hours=1)).isoformat()


@pytest.fixture
def pen(client: TestClient, audit_log: AuditLog) -> str:
    """Create a product whose first change, ten days old, is archived."""
    url = make(client, "products", PEN)
    client.patch(url, json={"price": "2.00"})
    made = update(ROWS).where(ROWS.c.entity == "Product", ROWS.c.version == 1)
    execute(audit_log, made.values(at=OLD))
    assert audit_log.archive()["changes"].rows == 1
    return url


def test_a_history_shows_until_when_it_is_archived(
    client: TestClient, pen: str
) -> None:
    page = body(client.get(f"{pen}/history"))
    assert [change["version"] for change in page["items"]] == [2]
    assert page["archived_until"].startswith(f"{OLD:%Y-%m-%d}")
    recent = make(client, "products", {**PEN, "sku": "PEN-2"})
    assert body(client.get(f"{recent}/history"))["archived_until"] is None


def test_an_archived_state_is_answered_with_410(client: TestClient, pen: str) -> None:
    assert body(at(client, pen, YESTERDAY))["price"] == "1.50"
    lost = at(client, pen, BEFORE)
    assert (lost.status_code, lost.json()["code"]) == (410, "archived")
    revert = client.post(f"{pen}/revert", json={"to_version": 1})
    assert (revert.status_code, revert.json()["code"]) == (410, "archived")
    assert "archive_audit.py" in revert.json()["detail"]


@pytest.mark.parametrize("state", [FileState.VERIFIED, FileState.HELD])
def test_what_a_run_that_was_killed_has_deleted_is_archived(
    client: TestClient, pen: str, audit_log: AuditLog, state: FileState
) -> None:
    execute(audit_log, update(FILES).values(state=state))
    page = body(client.get(f"{pen}/history"))
    assert page["archived_until"].startswith(f"{OLD:%Y-%m-%d}")
    assert at(client, pen, BEFORE).status_code == 410
    assert client.get("products", params={"as_of": BEFORE}).status_code == 410


READS: list[tuple[tuple[Any, str], str]] = [
    ((HistoryRepository, "live"), "{url}?as_of={then}"),
    ((PastRepository, "ids_in"), "products?as_of={then}"),
    ((PastRepository, "count"), "products?as_of={then}"),
    ((PastRepository, "build"), "products/export?as_of={then}"),
    ((AuditRepository, "_list_page"), "audit/changes?after={cursor}"),
    ((DiffRepository, "changed_records"), "audit/diff?from={then}&to={until}"),
    ((DiffRepository, "differences"), "audit/diff?from={then}&to={until}"),
]


@pytest.mark.parametrize(("step", "path"), READS)
def test_what_a_run_deletes_meanwhile_is_archived(
    client: TestClient,
    audit_log: AuditLog,
    meanwhile: Meanwhile,
    step: tuple[Any, str],
    path: str,
) -> None:
    """Without those changes, the record would have existed before it was made."""
    cursor = body(client.get("audit/changes"))["complete_until"]
    url = make(client, "products", PEN)
    client.patch(url, json={"price": "2.00"})
    made = update(ROWS).where(ROWS.c.entity == "Product", ROWS.c.version == 1)
    execute(audit_log, made.values(at=OLD))
    meanwhile.before(*step, audit_log.archive)
    then, until = (quote(time) for time in (BEFORE, YESTERDAY))
    lost = client.get(path.format(url=url, then=then, until=until, cursor=cursor))
    assert (lost.status_code, lost.json()["code"]) == (410, "archived")


def test_a_version_that_a_run_deletes_meanwhile_is_not_reverted_to(
    client: TestClient, audit_log: AuditLog, meanwhile: Meanwhile
) -> None:
    """The rest of the log would lead to a later version."""
    if audit_log.settings.DATABASE_URL.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    url = make(client, "products", PEN)
    for price in ("2.00", "3.00"):
        client.patch(url, json={"price": price})
    first = update(ROWS).where(ROWS.c.entity == "Product", ROWS.c.version < 3)
    execute(audit_log, first.values(at=OLD))
    meanwhile.before(HistoryRepository, "states", audit_log.archive)
    refused = client.post(f"{url}/revert", json={"to_version": 1})
    assert status_and_code(refused) == (410, "archived")
    assert body(client.get(url))["price"] == "3.00"


def test_restored_changes_can_be_read(
    client: TestClient, pen: str, audit_log: AuditLog
) -> None:
    audit_log.restore()
    assert [each["version"] for each in history(client, pen)] == [2]
    both = history(client, pen, include="restored")
    assert [each["version"] for each in both] == [2, 1]
    stream = "audit/{}?include=restored&limit=200".format
    found = body(client.get(f"{stream('changes')}&entity=Product"))["items"]
    assert [each["version"] for each in found] == [2, 1]
    assert client.get(stream("accesses")).status_code == 200
    assert client.get("audit/changes?include=all").status_code == 422


@pytest.mark.parametrize(
    ("name", "price", "status"), [("", "1.50", 422), ("Pen", "x", 409)]
)
def test_a_revert_to_a_value_that_is_no_longer_valid_is_rejected(
    client: TestClient, audit_log: AuditLog, name: str, price: str, status: int
) -> None:
    """The validation rules, or the columns, have changed since then."""
    url = make(client, "products", PEN)
    client.patch(url, json={"price": "2.00", "name": "Pencil"})
    raised = update(ROWS).where(ROWS.c.entity == "Product", ROWS.c.version == 2)
    execute(audit_log, raised.values(old={"name": name, "price": price}))
    refused = client.post(f"{url}/revert", json={"to_version": 1})
    assert refused.status_code == status
    assert body(client.get(url))["name"] == "Pencil"


def test_archived_changes_are_missing_for_lists_and_differences(
    client: TestClient, pen: str
) -> None:
    assert body(client.get("products", params={"as_of": YESTERDAY}))["total"] == 1
    for path in ("products", "products/export"):
        lost = client.get(path, params={"as_of": BEFORE})
        assert (lost.status_code, lost.json()["code"]) == (410, "archived")
    times = {"from": BEFORE, "to": YESTERDAY}
    lost = client.get("audit/diff", params=times)
    assert (lost.status_code, lost.json()["code"]) == (410, "archived")
    since = body(client.get("audit/diff", params={"from": YESTERDAY, "to": LATE}))
    assert f"products/{since['items'][0]['id']}" == pen

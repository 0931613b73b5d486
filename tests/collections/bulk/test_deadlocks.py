"""A request that ends in a deadlock is undone and tried again."""

import pytest
from fastapi.testclient import TestClient

from app.collections.files.imports import received
from tests.collections.bulk.requests import log, made, send, update
from tests.collections.files import files
from tests.processes.locks import locking_in_turn


@pytest.fixture(autouse=True)
def on_postgresql(url: str) -> None:
    if url.startswith("sqlite"):
        pytest.skip("SQLite locks the whole file")


def test_a_deadlock_is_undone_and_tried_again(url: str, client: TestClient) -> None:
    first, second = made(client, "PEN-1", "PEN-2")
    items = update(first, "1", name="A"), update(second, "1", name="B")
    with locking_in_turn(url, ("product", second), ("product", first)):
        answer = send(client, *items)
    assert answer.status_code == 200, answer.text
    assert [change["version"] for change in log(client)] == [1, 1, 2, 2]


def test_an_import_of_all_or_none_is_undone_as_a_whole(
    url: str, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the records of earlier batches stay locked, and it ends with 503."""
    monkeypatch.setattr(received, "BATCH_ROWS", 1)
    first, second = made(client, "PEN-1", "PEN-2")
    rows = [{"id": first, "name": "A"}, {"id": second, "name": "B"}]
    with locking_in_turn(url, ("product", second), ("product", first)):
        answer = files.send(client, files.as_csv(rows))
    assert files.report_of(answer) == {"updated": 2}
    assert [change["version"] for change in log(client)] == [1, 1, 2, 2]

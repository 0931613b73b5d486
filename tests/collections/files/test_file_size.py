"""The size of a file to import has a limit of its own, however it is sent."""

import gzip
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.collections.files.files import CSV, as_csv, report_of, send
from tests.contract import status_and_code

pytestmark = pytest.mark.either

ROWS = [{"sku": f"PEN-{n}", "name": "Pen", "price": "1.50"} for n in range(100)]
LIMIT = 1_500


@pytest.fixture(autouse=True)
def limit(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    changes = {"MAX_IMPORT_BYTES": LIMIT}
    limited = app.state.settings.model_copy(update=changes)
    monkeypatch.setattr(app.state, "settings", limited)


def test_a_file_that_is_too_large_is_refused(client: TestClient) -> None:
    file = as_csv(ROWS)
    assert len(file) > LIMIT
    for query in ("", "dry_run=true", "atomic=false&key=sku"):
        refused = send(client, file, query)
        assert status_and_code(refused) == (413, "content_too_large"), query
    assert client.get("products").json()["total"] == 0
    assert report_of(send(client, as_csv(ROWS[:50]))) == {"created": 50}


def test_a_file_of_unknown_length_is_read_up_to_the_limit(client: TestClient) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 100 * LIMIT:
            sent += 100
            yield b"a" * 100

    headers = {"content-type": CSV}
    refused = client.post("products/import", content=endless(), headers=headers)
    assert status_and_code(refused) == (413, "content_too_large")


def test_a_compressed_file_is_not_unpacked(client: TestClient) -> None:
    """10 MB of zeros are 10 kB, and would be 10 GB if packed twice."""
    bomb = gzip.compress(gzip.compress(b"\0" * 10_000_000))
    assert len(bomb) < LIMIT
    for coding in ("gzip", "gzip, gzip", "deflate", "br", "zstd", "x-gzip"):
        client.headers["content-encoding"] = coding
        refused = send(client, bomb)
        assert status_and_code(refused) == (415, "unsupported_media_type"), coding

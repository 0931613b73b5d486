"""Two releases on one database: a compatible migration interrupts no request."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event

import httpx2
import pytest

from app.core.db.migrations import head
from tests.core.db.compatibility.releases import CONTRACTED, EXPANDED, Release
from tests.modules.test_products import PEN
from tests.processes.servers import Server, serving

PAUSE = 0.02  # seconds between two requests


@pytest.mark.slow
@pytest.mark.heavy
def test_the_release_before_serves_a_compatible_schema(
    url: str, tmp_path: Path
) -> None:
    newer = Release(tmp_path / "newer")
    with serving(url, tmp_path) as old:
        with requests_without_an_error(old):
            newer.upgrade(url)
            assert old.wait_for("/readyz").json()["checks"]["schema"] == (
                f"ok: the schema is at {EXPANDED}, which is newer than this release's "
                f"{head()}, and compatible"
            )
            with serving(url, tmp_path, root=newer.root) as new:
                assert new.wait_for("/readyz").json()["checks"]["schema"] == "ok"
                changes_one_record_by_turns(old, new)
        newer.contract()
        newer.upgrade(url)
        refusal = old.wait_for("/readyz", status=503).json()
        assert refusal["detail"] == (
            f"The schema is at {CONTRACTED}, but the code needs {head()}: run the "
            "release that has migrated it"
        )
        with old.client() as client:
            assert client.get("/products").status_code == 503


@contextmanager
def requests_without_an_error(server: Server) -> Iterator[None]:
    """Read and write products all the time; fail on the first error."""
    done, pen_numbers = Event(), count()

    def ask() -> int:
        with server.client() as client:
            while not done.wait(PAUSE):
                pen = PEN | {"sku": f"PEN-{next(pen_numbers)}"}
                assert_ok(client.post("/products", json=pen))
                assert_ok(client.get("/products"))
        return next(pen_numbers)

    with ThreadPoolExecutor() as threads:
        asked = threads.submit(ask)
        try:
            yield
        finally:
            done.set()
        assert asked.result() > 5


def changes_one_record_by_turns(old: Server, new: Server) -> None:
    with old.client() as one, new.client() as other:
        made = assert_ok(one.post("/products", json=PEN | {"sku": "INK"}))
        path = f"/products/{made['id']}"
        for number, client in enumerate((other, one, other, one)):
            assert_ok(client.patch(path, json={"name": f"Pen {number}"}))
            assert assert_ok(one.get(path)) == assert_ok(other.get(path))
        assert len(assert_ok(one.get(f"{path}/history"))["items"]) == 5


def assert_ok(response: httpx2.Response) -> dict[str, list[object]]:
    assert response.is_success, response.text
    found: dict[str, list[object]] = response.json()
    return found

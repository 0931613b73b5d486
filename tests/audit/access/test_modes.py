"""The four modes: time of the recording, and behaviour if it fails."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi.responses import StreamingResponse
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import text
from sqlmodel import select

from app.audit.access.access_log import AccessLog
from app.audit.changes.guard import unaudited
from app.audit.models import AuditAccess
from app.core.config import Settings
from app.main import create_app, open_database
from tests.accounts import root_header
from tests.clients import Client
from tests.conftest import Read
from tests.core.test_handlers import check_problem
from tests.databases import make_settings
from tests.modules.test_products import PEN
from tests.processes.locks import locked

Start = Callable[..., Client]
LOSSLESS = ["batch", "blocking", "blocking-strict"]


@pytest.fixture
def start(url: str) -> Start:
    """Return a function that starts a client of an application in a given mode."""

    def start(mode: str, **values: object) -> Client:
        settings = make_settings(url, AUDIT_ACCESS_MODE=mode, **values)
        app = create_app(settings)

        @app.get("/long")
        async def long() -> StreamingResponse:
            return StreamingResponse(parts())

        client = Client(app, "http://test/api/v1/")
        client.headers.update(root_header(settings))
        return client

    return start


async def parts() -> AsyncIterator[bytes]:
    for part in (b"one ", b"two ", b"three"):
        yield part


def log_of(client: Client) -> AccessLog:
    log: AccessLog = client.app.state.access_log  # type: ignore[attr-defined]
    return log


def spooled(client: Client) -> str:
    folder = log_of(client).spool.folder
    return "".join(path.read_text() for path in folder.glob("*"))


@contextmanager
def missing_table(settings: Settings) -> Iterator[None]:
    """Make inserts of accesses fail, and only these."""
    asyncio.run(rename(settings, "audit_access", "away"))
    yield
    asyncio.run(rename(settings, "away", "audit_access"))


async def rename(settings: Settings, before: str, after: str) -> None:
    async with open_database(settings) as database, database.writing() as session:
        with unaudited("a test takes the table away"):
            rename_table = text(f"ALTER TABLE {before} RENAME TO {after}")
            await session.execute(rename_table)


def rows(read: Read) -> list[AuditAccess]:
    return read(select(AuditAccess))


def state(client: Client) -> str:
    checks: dict[str, str] = client.get("http://test/readyz").json()["checks"]
    return checks["audit"]


@pytest.mark.parametrize("mode", LOSSLESS)
def test_shutdown_empties_the_spool(start: Start, read: Read, mode: str) -> None:
    with start(mode) as client:
        assert client.post("products", json=PEN).status_code == 201
        assert client.get("http://test/long").text == "one two three"
        assert state(client) == "ok"
    assert [row.bytes for row in rows(read) if row.path == "/long"] == [13]
    assert len(rows(read)) == 3
    assert spooled(client) == ""


def test_lines_that_were_set_aside_show_in_readyz(start: Start) -> None:
    """Those of a process that has ended, too."""
    with start("batch") as client:
        log = log_of(client)
        log.spool.folder.mkdir(parents=True, exist_ok=True)
        (log.spool.folder / "1.refused").write_text("{}\n{}\n")
        (log.spool.folder / "2.torn").write_text("{")
        assert log.loader
        client.call(log.loader.load)
        found = state(client)
        assert (found[:2], "lines refused: 2" in found) == ("ok", True)
        assert "lines torn: 1" in found


@pytest.mark.parametrize("mode", LOSSLESS[1:])
def test_blocking_mode_inserts_the_row_before_the_response(
    start: Start, read: Read, mode: str
) -> None:
    with start(mode) as client:
        client.get("products")
        assert [row.path for row in rows(read)] == ["/api/v1/products"]
        assert spooled(client) == ""


def test_off_mode_records_nothing(start: Start, read: Read) -> None:
    with start("off") as client:
        assert client.get("products").status_code == 200
        assert state(client) == "off"
    assert rows(read) == []
    assert not log_of(client).spool.folder.exists()


def test_batch_mode_does_not_wait_for_the_database(
    start: Start, read: Read, settings: Settings
) -> None:
    with start("batch") as client:
        with missing_table(settings):
            assert client.get("products").status_code == 200
            load(client)
            # Not by /readyz, which reports that the table's triggers are missing.
            assert log_of(client).state() == "behind"
        load(client)
        assert state(client) == "ok"
    assert len(rows(read)) == 2


def load(client: Client) -> None:
    loader = log_of(client).loader
    assert loader
    client.call(loader.load)


def test_blocking_mode_records_later_after_a_database_error(
    start: Start, read: Read, settings: Settings
) -> None:
    with start("blocking") as client:
        with missing_table(settings):
            assert client.get("products").status_code == 200
        assert '"/api/v1/products"' in spooled(client)
    (row,) = rows(read)
    assert (row.status, row.outcome) == (200, "answered")


@pytest.mark.parametrize("path", ["products", "http://test/long"])
def test_strict_mode_withholds_the_response(
    start: Start, read: Read, settings: Settings, path: str
) -> None:
    with start("blocking-strict") as client:
        with missing_table(settings):
            refused = client.get(path)
        body = check_problem(refused, 503, "unavailable")
        assert "may have taken effect" in body["detail"]
        assert int(refused.headers["retry-after"]) > 0
        assert client.get(path).status_code == 200
    first, second = sorted(rows(read), key=lambda row: row.at)
    assert (first.status, first.outcome) == (503, "withheld")
    assert first.request_id == refused.headers["x-request-id"]
    assert (second.status, second.outcome) == (200, "answered")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "status"), [("blocking", 200), ("blocking-strict", 503)]
)
def test_the_wait_for_a_locked_table_is_limited(
    start: Start, url: str, read: Read, mode: str, status: int
) -> None:
    hurried = start(mode, DATABASE_TIMEOUT=1)
    with hurried as client, locked(url, "audit_access"):
        assert client.get("products").status_code == status
    assert [row.status for row in rows(read)] == [status]


@pytest.mark.slow
@pytest.mark.parametrize("mode", LOSSLESS)
def test_concurrent_requests_are_all_recorded(
    start: Start, read: Read, settings: Settings, mode: str
) -> None:
    """A request that needs a second connection would exhaust the pool."""

    async def send_all(app: Any) -> set[int]:
        url, header = "http://test/api/v1", root_header(settings)
        transport = ASGITransport(app)
        async with AsyncClient(
            transport=transport, base_url=url, headers=header
        ) as client:
            pens = [PEN | {"sku": f"PEN-{number}"} for number in range(40)]
            made = [client.post("/products", json=pen) for pen in pens]
            return {answer.status_code for answer in await asyncio.gather(*made)}

    with start(mode) as client:
        assert client.call(send_all, client.app) == {201}
    assert [row.status for row in rows(read)] == [201] * 40

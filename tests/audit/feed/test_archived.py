"""Cursors that the log cannot continue from: its rows are archived, or replaced."""

from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from app.audit.archive.logs import CHANGES
from app.audit.settled.queries import BEGINNING
from app.core.config import Settings
from tests.audit.archive.rows import KEPT, AuditLog, make_changes
from tests.audit.feed.conftest import Header, in_thread, list_changes, make_pen
from tests.audit.feed.following import opened

pytestmark = pytest.mark.anyio
BEYOND = "9" * 18 + "-" + "0" * 32


@pytest.fixture
def audit_log(settings: Settings, tmp_path: Path) -> AuditLog:
    return AuditLog(settings, tmp_path)


async def archive(audit_log: AuditLog) -> None:
    totals = await in_thread(audit_log.archive)
    assert totals["changes"].rows > 0


@pytest.mark.slow
async def test_a_cursor_in_the_archive_is_reset(
    running: FastAPI, api: httpx2.AsyncClient, root: Header, audit_log: AuditLog
) -> None:
    before = (await list_changes(api))["complete_until"]
    await in_thread(audit_log.add, CHANGES, make_changes(9))
    await in_thread(audit_log.seal)
    behind = (await list_changes(api))["complete_until"]
    await make_pen(api, 1)
    await archive(audit_log)
    refused = await api.get("audit/changes", params={"after": before})
    assert (refused.status_code, refused.json()["code"]) == (410, "archived")
    async with opened(running, root, since=before) as stream:
        (first,) = stream.events()
        assert (first.name, first.id) == ("reset", first.data["complete_until"])
        pen = await make_pen(api, 2)
        assert (await stream.next()).data["entity_id"] == pen
    async with opened(running, root, "entity=Product", since=first.id) as stream:
        assert stream.events()[0].name == "heartbeat"
        assert (await stream.next()).data["entity_id"] == pen
    listed = await list_changes(api, after=behind, entity="Product")
    assert len(listed["items"]) == 2


@pytest.mark.slow
async def test_rows_archived_under_a_slow_stream_reset_it(
    running: FastAPI,
    api: httpx2.AsyncClient,
    root: Header,
    audit_log: AuditLog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.audit.feed.stream.PAGE_ROWS", 3)
    before = (await list_changes(api))["complete_until"]
    await in_thread(audit_log.add, CHANGES, make_changes(9))
    async with opened(running, root, since=before, pauses=True) as stream:
        await archive(audit_log)
        stream.reads.set()
        reset = await stream.next("reset")
        pen = await make_pen(api)
        assert (await stream.next()).data["entity_id"] == pen
    times = [each.data["at"] for each in stream.events() if each.name == "change"]
    assert 0 < len([at for at in times if at < KEPT.isoformat()]) < 9 * 6
    assert reset.id == reset.data["complete_until"]


async def test_a_cursor_of_a_database_that_was_replaced_is_reset(
    running: FastAPI, api: httpx2.AsyncClient, root: Header
) -> None:
    assert (await api.get("audit/changes?after=" + BEYOND)).status_code == 410
    async with opened(running, root, since=BEYOND) as stream:
        assert stream.events()[0].name == "reset"
        pen = await make_pen(api)
        assert (await stream.next()).data["entity_id"] == pen


async def test_an_unreadable_row_is_sent_and_does_not_stop_the_stream(
    running: FastAPI,
    api: httpx2.AsyncClient,
    root: Header,
    audit_log: AuditLog,
) -> None:
    """Only another program writes one."""
    odd = make_changes(1)[:1]
    odd[0]["action"] = "GUESS"
    async with opened(running, root) as stream:
        await in_thread(audit_log.add, CHANGES, odd)
        pen = await make_pen(api)
        assert (await stream.next()).data["unreadable"] == ["action"]
        assert (await stream.next()).data["entity_id"] == pen


async def test_an_empty_log_can_be_followed(
    running: FastAPI, api: httpx2.AsyncClient, root: Header, audit_log: AuditLog
) -> None:
    start = f"{BEGINNING.transaction_id}-{BEGINNING.row_id.hex}"
    pen = await make_pen(api)
    async with opened(running, root, "entity=Product", since=start) as stream:
        assert (await stream.next()).data["entity_id"] == pen

"""A replica that is away, behind, in conflict or another server: no request fails."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Integer, literal_column, make_url, select, text
from sqlmodel import col

from app.auth.permissions.recheck import recheck
from app.collections.files.exports import routers
from app.core.config import Settings
from app.core.db.driver.statements import Prepared
from app.core.db.replica.reads import read_stale, stale_source
from app.core.db.replica.replica import State
from app.main import create_app
from app.modules.products.models import Product
from tests.accounts import root_header
from tests.core.db.replica.stale import APPLIED, PREFER, StaleClient
from tests.databases import make_settings
from tests.modules.test_products import PEN
from tests.processes.network import network_to
from tests.processes.servers import serving, wait_until
from tests.processes.standby import Standby, execute

pytestmark = pytest.mark.heavy


def test_the_primary_answers_when_the_replica_is_too_far_behind(
    stale: StaleClient, standby: Standby
) -> None:
    standby.pause()
    stale.post("products", json=PEN)
    assert stale.names() == (set(), True)
    with stale.allowing(max_lag=2):
        stale.wait_for(State.BEHIND)
        assert stale.names() == ({"Pen"}, False)
    standby.resume()
    stale.wait_for(State.OK)
    assert stale.names() == ({"Pen"}, True)


def test_a_replica_without_its_primary_becomes_too_old(
    stale: StaleClient, standby: Standby
) -> None:
    """It has replayed all that it received, so its own times show no lag."""
    standby.execute("ALTER SYSTEM SET primary_conninfo = ''")
    standby.execute("SELECT pg_reload_conf()")
    receivers = "SELECT count(*) FROM pg_stat_wal_receiver"
    wait_until(lambda: standby.execute(receivers) == 0, "It is still connected")
    stale.post("products", json=PEN)
    with stale.allowing(max_lag=2):
        stale.wait_for(State.BEHIND)
        assert stale.names() == ({"Pen"}, False)


def test_the_primary_answers_at_once_when_the_replica_is_killed(
    stale: StaleClient, standby: Standby
) -> None:
    stale.post("products", json=PEN)
    wait_until(lambda: stale.names() == ({"Pen"}, True), "The replica has no pen")
    standby.kill()
    assert [stale.names() for _ in range(3)] == [({"Pen"}, False)] * 3
    assert stale.compare() is State.AWAY
    ready = stale.get("http://test/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ok")
    assert ready.json()["checks"]["replica"] == State.AWAY
    standby.start()
    stale.wait_for(State.OK)
    assert stale.names() == ({"Pen"}, True)


def test_the_application_starts_without_the_replica(
    settings: Settings, standby: Standby
) -> None:
    standby.kill()
    with StaleClient(create_app(settings), "http://test/api/v1/") as client:
        client.headers.update(root_header(settings))
        assert client.names() == (set(), False)
        assert client.compare() is State.AWAY
        standby.start()
        client.wait_for(State.OK)
        assert client.names() == (set(), True)


def test_a_statement_that_conflicts_with_replay_is_repeated(
    stale: StaleClient, standby: Standby, url: str
) -> None:
    """The lock on the primary cancels what reads the table on the replica."""
    sleep = "CASE WHEN pg_is_in_recovery() THEN (SELECT 1 FROM pg_sleep(60)) ELSE 2 END"
    slow = Prepared(select(literal_column(sleep, Integer).label("it"), col(Product.id)))
    running = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"

    async def lock_when_it_runs() -> None:
        while not await asyncio.to_thread(standby.execute, running):
            await asyncio.sleep(0.02)
        lock = "DO $$ BEGIN LOCK TABLE product IN ACCESS EXCLUSIVE MODE; END $$"
        await asyncio.to_thread(execute, url, lock)

    async def read() -> list[int]:
        async with stale.database.reading() as session:
            read_stale(session, stale.replica)
            async with asyncio.TaskGroup() as tasks:
                found = tasks.create_task(session.rows(slow))
                tasks.create_task(lock_when_it_runs())
            assert stale_source(session) is None
            return [row["it"] for row in found.result()]

    stale.post("products", json=PEN)
    wait_until(lambda: stale.names() == ({"Pen"}, True), "The replica has no pen")
    assert stale.call(read) == [2]
    assert "canceling statement due to conflict" in standby.log.read_text()
    assert stale.names() == ({"Pen"}, True)


def test_a_schema_that_the_replica_lacks_is_read_from_the_primary(
    stale: StaleClient, standby: Standby, url: str
) -> None:
    stale.post("products", json=PEN)
    standby.pause()
    execute(url, "CREATE TABLE newer AS SELECT 1 AS it")
    newer = Prepared(select(literal_column("it", Integer)).select_from(text("newer")))

    async def read() -> tuple[object, bool]:
        async with stale.database.reading() as session:
            read_stale(session, stale.replica)
            return await session.value(newer), bool(stale_source(session))

    assert stale.call(read) == (1, False)
    assert stale.replica.state() is State.OK


def test_a_server_that_was_promoted_is_not_read(
    stale: StaleClient, standby: Standby
) -> None:
    standby.control("-w", "promote")
    stale.wait_for(State.OTHER)
    stale.post("products", json=PEN)
    assert stale.names() == ({"Pen"}, False)


def test_a_replica_of_another_database_is_not_read(url: str, standby: Standby) -> None:
    other = make_url(standby.url).set(database="postgres")
    for replica in (other.render_as_string(hide_password=False), url):
        settings = make_settings(url, DATABASE_REPLICA_URL=replica)
        with StaleClient(create_app(settings), "http://test/api/v1/") as client:
            client.headers.update(root_header(settings))
            assert client.compare() is State.OTHER
            assert client.names() == (set(), False)


def test_a_network_that_swallows_packets_costs_a_deadline_at_most(
    settings: Settings, standby: Standby
) -> None:
    with network_to(standby.url) as (network, address):
        values = {"DATABASE_REPLICA_URL": address, "DATABASE_TIMEOUT": 3}
        through = settings.model_copy(update=values)
        with StaleClient(create_app(through), "http://test/api/v1/") as client:
            client.headers.update(root_header(settings))
            client.wait_for(State.OK)
            assert client.names() == (set(), True)
            network.is_up = False
            client.post("products", json=PEN)
            assert client.names() == ({"Pen"}, False)
            assert client.replica.state() is State.AWAY


def test_an_export_is_whole_when_the_replica_is_killed_in_the_middle(
    stale: StaleClient, standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = [PEN | {"sku": f"PEN-{number}"} for number in range(900)]
    items = [{"op": "create", "data": each} for each in data]
    assert stale.post("products/bulk", json={"items": items}).status_code == 200
    wait_until(lambda: stale.get_stale("products")[0]["total"] == 900, "No products")

    async def kill_and_recheck(*values: Any, **named: Any) -> Any:
        if standby.lock.exists():
            await asyncio.to_thread(standby.kill)
        return await recheck(*values, **named)

    monkeypatch.setattr(routers, "recheck", kill_and_recheck)
    answer = stale.get("products/export?format=jsonl", headers=PREFER)
    assert (answer.status_code, answer.headers[APPLIED]) == (200, "stale-ok")
    assert len({json.loads(line)["sku"] for line in answer.text.splitlines()}) == 900
    assert not standby.lock.exists()


def has_grown(found: list[int], count: int) -> bool:
    return len(found) > count


@pytest.mark.slow
def test_no_request_fails_while_replicas_come_and_go(
    url: str, standby: Standby, tmp_path: Path
) -> None:
    """Two workers, four clients that write and read, and a replica that is killed."""
    with (
        serving(url, tmp_path, WORKERS="2", DATABASE_REPLICA_URL=standby.url) as server,
        ThreadPoolExecutor(4) as threads,
    ):

        def replica() -> str:
            return str(server.wait_for("/readyz").json()["checks"]["replica"])

        def use(number: int) -> tuple[set[int], int]:
            statuses, applied = set(), 0
            with server.client() as client:
                while not ended:
                    pen = PEN | {"sku": f"PEN-{number}-{len(added)}"}
                    added.append(client.post("products", json=pen).status_code)
                    for path in ("products", "products/export", "audit/changes"):
                        answer = client.get(path, headers=PREFER)
                        statuses.add(answer.status_code)
                        applied += APPLIED in answer.headers
            return statuses, applied

        added: list[int] = []
        ended: list[bool] = []
        wait_until(lambda: replica() == State.OK, "No worker has found the replica")
        users = [threads.submit(use, number) for number in range(4)]
        try:
            for _ in range(2):
                wait_until(partial(has_grown, added, len(added) + 20), "None was added")
                standby.kill()
                wait_until(lambda: replica() == State.AWAY, "It is not missed")
                standby.start()
                wait_until(lambda: replica() == State.OK, "It is not found again")
        finally:
            ended.append(True)
        found = [each.result() for each in users]
    assert set(added) == {201}
    assert all(statuses == {200} for statuses, _ in found)
    assert sum(applied for _, applied in found)

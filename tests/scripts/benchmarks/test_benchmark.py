"""The benchmark runs, and the bare application returns the same responses."""

import asyncio
import json
import os
import re
import subprocess
import sys
from itertools import repeat
from math import inf
from subprocess import PIPE
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from jose import jwt

from app.main import create_app
from scripts.bench.api import own_api
from scripts.bench.bare.main import app as bare
from scripts.bench.drive import Address, Load, WrongAnswerError, drive
from scripts.bench.operations import Kind, message, product
from scripts.bench.report import Row, Spread, rows_of, table_of
from scripts.bench.rounds import Sample
from scripts.bench.servers import (
    CLOCK_TICK,
    METRICS,
    TWO_HOSTS,
    VARIANTS,
    WORKERS,
    Server,
    settings,
)
from tests.accounts import root_header
from tests.databases import ROOT, Template, make_settings

VARYING = re.compile(r'"[0-9a-f]{8}-[0-9a-f-]{27}"|"20\d\d-\d\d-\d\dT[0-9:.]+Z"')
ON_SQLITE = ("--database", "sqlite", "--json")
# CPU time of three rounds, without a part and with it.
SHARES = (300.0, 100.0, 700.0), (400.0, 200.0, 800.0)
QUICK = ("--seconds", "0.02", "--rounds", "1", "--table-rows", "60", *ON_SQLITE)


@pytest.fixture(scope="module")
def kinds(pytestconfig: pytest.Config) -> list[Kind]:
    return [*Kind] if pytestconfig.getoption("whole") else [*Kind][:2]


@pytest.fixture(scope="module")
def rows(kinds: list[Kind]) -> list[dict[str, Any]]:
    # In another process, because the benchmark pins itself to one core.
    only = [f"--only={kind}" for kind in kinds]
    command = [sys.executable, "scripts/benchmark.py", *QUICK, *only]
    done = subprocess.run(command, cwd=ROOT, stdout=PIPE, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.heavy
@pytest.mark.slow
def test_each_operation_is_measured_on_each_variant(
    rows: list[dict[str, Any]], kinds: list[Kind]
) -> None:
    expected = [(operation, name) for operation in kinds for name in VARIANTS]
    assert [(row["operation"], row["variant"]) for row in rows] == expected
    for row in rows:
        speed = row["requests_per_second"]
        assert 0 < speed["low"] <= speed["median"] <= speed["high"]


def test_the_table_has_a_row_for_each_variant() -> None:
    spread = Spread(median=2.0, low=1.0, high=3.0)
    names = list(VARIANTS)
    table = table_of([Row("sqlite", "get", name, *[spread] * 6) for name in names])
    titles = [str(column.header) for column in table.columns]
    assert titles[:4] == ["database", "request", "variant", "requests/s"]
    assert list(table.columns[2].cells) == names
    assert set(table.columns[3].cells) == {"2 (1-3)"}


def test_a_part_s_share_is_of_the_time_of_the_variant_that_has_it() -> None:
    without, whole = [[Sample(1, time, 1) for time in times] for times in SHARES]
    (_, row) = rows_of("sqlite", "patch", {"core": without, "+ changes": whole})
    assert row.share == Spread(median=25, low=12.5, high=50)


def test_cpu_time_is_at_least_a_tick_and_includes_ended_processes() -> None:
    server = Server("own", Address(0), own_api(), os.getpid())
    start = server.cpu_seconds()
    assert server.cpu_since(start + 60) == CLOCK_TICK
    busy = "import time\nwhile time.process_time() < 0.2: pass"
    subprocess.run([sys.executable, "-c", busy], check=True)
    # Each of the four times that it adds up leaves out a part of a tick.
    assert server.cpu_since(start) >= 0.2 - 4 * CLOCK_TICK


@pytest.mark.slow
@pytest.mark.heavy
def test_two_workers_are_compared_with_one() -> None:
    command = [sys.executable, "scripts/benchmark.py", "--compare=workers", *QUICK]
    done = subprocess.run(command, cwd=ROOT, stdout=PIPE, check=True)
    found = json.loads(done.stdout)
    workers = [name for name in WORKERS if name != TWO_HOSTS]  # a file has one host
    expected = [(operation, name) for operation in Kind for name in workers]
    assert [(row["operation"], row["variant"]) for row in found] == expected
    assert all(row["p99_milliseconds"]["low"] > 0 for row in found)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("compared", "names"),
    [
        ("replica", ["replica", "primary"]),
        ("workers", [*WORKERS]),
        ("metrics", [*METRICS]),
    ],
)
def test_servers_and_hosts_are_compared_on_postgresql(
    compared: str, names: list[str]
) -> None:
    # The clock of CPU time has ticks of 10 ms.
    longer = ("--seconds", "0.5", "--only", "list", "--json")
    options = ("--compare", compared, *QUICK[:-3], *longer)
    command = [sys.executable, "scripts/benchmark.py", "--database", "postgresql"]
    done = subprocess.run([*command, *options], cwd=ROOT, stdout=PIPE, check=True)
    found = json.loads(done.stdout)
    assert [row["variant"] for row in found] == names
    assert all(row["cpu_microseconds"]["low"] >= 0 for row in found)


@pytest.mark.heavy
@pytest.mark.slow
def test_reads_beside_long_requests_are_measured() -> None:
    options = ("--table-rows=60", "--seconds=0.2", *ON_SQLITE)
    command = [sys.executable, "scripts/benchmark_load.py", *options]
    done = subprocess.run(command, cwd=ROOT, stdout=PIPE, check=True)
    found = json.loads(done.stdout)
    assert [row["requests"] for row in found] == ["one record", "list of 200", "search"]
    assert all(0 < row["median"] <= row["p99"] for row in found)


@pytest.mark.heavy
@pytest.mark.slow
def test_concurrent_logins_are_measured() -> None:
    command = [sys.executable, "scripts/benchmark_logins.py", "--users=10", *ON_SQLITE]
    done = subprocess.run(command, cwd=ROOT, stdout=PIPE, check=True)
    (row,) = json.loads(done.stdout)
    assert row["database"] == "sqlite"
    assert row["logins_per_second"] > 0
    worst = row["livez_worst_milliseconds"]
    assert 0 < row["livez_median_milliseconds"] <= worst


class NotFoundServer(asyncio.Protocol):
    """A server that answers each request with 404."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")


async def drive_against_not_found() -> None:
    loop = asyncio.get_running_loop()
    async with await loop.create_server(NotFoundServer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        request = message(own_api(), "GET", own_api().path)
        await drive(Address(port), Load(repeat(request), 200, inf))


@pytest.mark.slow
def test_an_unexpected_status_stops_the_benchmark() -> None:
    with pytest.raises(WrongAnswerError, match="404 Not Found"):
        asyncio.run(drive_against_not_found())


def test_the_bare_application_returns_the_same_responses(
    template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    with template.copy() as one, template.copy() as another:
        monkeypatch.setenv("DATABASE_URL", one)
        assert response_bodies(bare) == response_bodies(
            create_app(make_settings(another))
        )


def response_bodies(app: FastAPI) -> list[str]:
    """Return the response bodies, without values that differ between runs."""
    products, header = own_api().path, root_header(make_settings("sqlite:///"))
    with TestClient(app, base_url="http://test", headers=header) as client:
        made = [client.post(products, json=product(number)) for number in range(3)]
        path = f"{products}/{made[0].json()['id']}"
        changed = client.patch(path, json={"stock": 7})
        given = [*made, changed, client.get(path), client.get(f"{products}?limit=2")]
    assert [response.status_code for response in given] == [201] * 3 + [200] * 3
    return [VARYING.sub("-", response.text) for response in given]


def test_its_servers_accept_its_token_for_an_hour() -> None:
    claims = jwt.get_unverified_claims(own_api().token.removeprefix("Bearer "))
    accepted = int(settings("sqlite:///")["ACCESS_TOKEN_MINUTES"]) * 60
    assert claims["exp"] - claims["iat"] == accepted == 60 * 60

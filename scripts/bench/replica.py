"""Lists of one server, read from the replica of its database and from the primary."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic, sleep

import httpx
from sqlalchemy import make_url

from scripts.bench.databases import disk
from scripts.bench.rounds import Subject
from scripts.bench.servers import ONE_WORKER, TIMEOUT, Server, run_server
from tests.databases import PostgresTemplate
from tests.processes.standby import standby_of

PREFER, APPLIED = "Prefer: stale-ok\r\n", "preference-applied"


@contextmanager
def replica_and_primary(rows: int) -> Iterator[list[Subject]]:
    """Start a server, and fill its database; the CPU time is that of the primary."""
    with disk() as folder:
        template = PostgresTemplate(folder / "primary")
        process = int((folder / "primary/postmaster.pid").read_text().split()[0])
        try:
            template.sync_commits()
            with (
                template.copy() as url,
                standby_of(template.server, str(make_url(url).database)) as standby,
                run_with_replica(url, standby.url) as server,
            ):
                stale = replace(server.api, headers=PREFER)
                primary = Server("primary", server.address, server.api, process)
                replica = Server("replica", server.address, stale, process)
                subjects = [Subject(primary, rows), Subject(replica, 0)]
                wait_until_read(replica)
                yield subjects[::-1]
        finally:
            template.close()


@contextmanager
def run_with_replica(url: str, replica: str) -> Iterator[Server]:
    name = "DATABASE_REPLICA_URL"
    os.environ[name] = replica
    try:
        with run_server(ONE_WORKER, url) as server:
            yield server
    finally:
        del os.environ[name]


def wait_until_read(replica: Server) -> None:
    url = f"http://127.0.0.1:{replica.port}{replica.api.page_path(1)}"
    headers = {"Authorization": replica.api.token, "Prefer": "stale-ok"}
    deadline = monotonic() + TIMEOUT
    while APPLIED not in httpx.get(url, headers=headers, timeout=TIMEOUT).headers:
        if monotonic() > deadline:
            raise RuntimeError("The replica is not read")
        sleep(0.1)

"""A client that accepts old records, of an application with a replica."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI

from app.core.db.database import Database
from app.core.db.replica.replica import Replica, State
from tests.clients import Client
from tests.processes.servers import wait_until

APPLIED = "preference-applied"
PREFER = {"prefer": "stale-ok"}


class StaleClient(Client):
    """The event loop runs during calls only, so a test decides when to compare."""

    app: FastAPI

    @property
    def database(self) -> Database:
        database: Database = self.app.state.health.database
        return database

    @property
    def replica(self) -> Replica:
        assert self.database.replica
        return self.database.replica

    def compare(self) -> State:
        self.call(self.database.check_replica)
        return self.replica.state()

    def wait_for(self, state: State) -> None:
        wait_until(lambda: self.compare() is state, f"The replica is not {state}")

    @contextmanager
    def allowing(self, max_lag: float) -> Iterator[None]:
        usual, self.replica.max_lag = self.replica.max_lag, max_lag
        yield
        self.replica.max_lag = usual

    def get_stale(self, path: str, **options: Any) -> tuple[Any, bool]:
        """Return the JSON of a response, and whether the replica has answered."""
        response = self.get(path, headers=PREFER, **options)
        assert response.status_code == 200, response.text
        assert response.headers["vary"] == "Prefer"
        return response.json(), response.headers.get(APPLIED) == "stale-ok"

    def names(self, path: str = "products") -> tuple[set[str], bool]:
        page, applied = self.get_stale(path)
        return {each["name"] for each in page["items"]}, applied

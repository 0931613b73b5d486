"""States of a database that does not serve, by the errors of the drivers."""

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.core.db.outages.states import STUCK, Outage, outage_of


class DriverError(Exception):
    def __init__(self, code: str) -> None:
        name = "sqlite_errorname" if code.startswith("SQLITE") else "sqlstate"
        setattr(self, name, code)


def database_error(code: str, *, is_disconnect: bool = False) -> OperationalError:
    error = OperationalError("SELECT", {}, DriverError(code))
    error.connection_invalidated = is_disconnect
    return error


@pytest.mark.parametrize(
    ("code", "outage"),
    [
        ("08006", Outage.AWAY),
        ("57P01", Outage.AWAY),
        ("57P03", Outage.AWAY),
        ("57014", Outage.BUSY),
        ("28P01", Outage.REFUSED),
        ("3D000", Outage.REFUSED),
        ("25006", Outage.READ_ONLY),
        ("25P02", None),
        ("53100", Outage.FULL),
        ("53300", Outage.BUSY),
        ("40P01", Outage.BUSY),
        ("XX001", Outage.DAMAGED),
        ("XX000", None),
        ("42P01", None),
        ("0A000", None),
        ("23505", None),
        ("", None),
        ("SQLITE_READONLY", Outage.READ_ONLY),
        ("SQLITE_READONLY_DIRECTORY", Outage.READ_ONLY),
        ("SQLITE_READONLY_DBMOVED", Outage.AWAY),
        ("SQLITE_FULL", Outage.FULL),
        ("SQLITE_IOERR_WRITE", Outage.DAMAGED),
        ("SQLITE_CORRUPT", Outage.DAMAGED),
        ("SQLITE_CANTOPEN", Outage.AWAY),
        ("SQLITE_BUSY_SNAPSHOT", Outage.BUSY),
        ("SQLITE_ERROR", None),
        ("SQLITE_CONSTRAINT_UNIQUE", None),
    ],
)
def test_a_code_shows_the_state(code: str, outage: Outage | None) -> None:
    assert outage_of(database_error(code)) is outage


def test_a_lost_connection_without_a_code_is_away() -> None:
    assert outage_of(database_error("", is_disconnect=True)) is Outage.AWAY
    assert outage_of(database_error("25006", is_disconnect=True)) is Outage.READ_ONLY


def test_errors_of_the_network_and_the_pool_show_a_state() -> None:
    assert outage_of(ConnectionRefusedError()) is Outage.AWAY
    assert outage_of(TimeoutError()) is Outage.AWAY
    assert outage_of(PoolTimeoutError()) is Outage.POOL
    assert outage_of(ValueError()) is None


def test_a_busy_or_full_database_keeps_its_connections() -> None:
    assert {Outage.BUSY, Outage.FULL, Outage.POOL}.isdisjoint(STUCK)

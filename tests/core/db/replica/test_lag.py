"""The bound of a replica's lag: by positions, not by any clock of a server."""

from math import inf

from app.core.db.replica.lag import KEPT, Lag
from app.core.db.replica.position import Server


def primary(position: int) -> Server:
    return Server(1, "app", False, position)


def replica(position: int) -> Server:
    return Server(1, "app", True, position)


def test_a_replica_is_as_old_as_the_last_position_that_it_has() -> None:
    lag = Lag()
    assert lag.at(0) == inf
    lag.note(10, primary(100), replica(90))
    assert lag.at(10) == inf
    lag.note(11, primary(200), replica(100))
    assert lag.at(12) == 2
    lag.note(12, primary(300), replica(300))
    assert lag.at(12) == 0


def test_an_idle_primary_makes_no_lag() -> None:
    lag = Lag()
    for second in range(100):
        lag.note(second, primary(100), replica(100))
        assert lag.at(second) == 0


def test_a_replica_that_has_lost_the_primary_ages() -> None:
    lag = Lag()
    for second in range(2 * KEPT):
        lag.note(second, primary(100 + second), replica(100))
    assert lag.at(2 * KEPT) == 2 * KEPT
    assert len(lag.written) == KEPT
    lag.note(2 * KEPT, primary(9_000), replica(9_000))
    assert lag.at(2 * KEPT) == 0


def test_a_replica_is_forgotten() -> None:
    lag = Lag()
    lag.note(1, primary(100), replica(100))
    lag.forget()
    assert lag.at(1) == inf


def test_only_a_standby_of_the_same_database_is_a_replica() -> None:
    assert replica(5).follows(primary(7))
    assert not primary(5).follows(primary(5))
    assert not replica(5).follows(replica(5))
    assert not Server(2, "app", True, 5).follows(primary(5))
    assert not Server(1, "other", True, 5).follows(primary(5))

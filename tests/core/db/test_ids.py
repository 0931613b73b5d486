"""Ids that are made without the constructor of UUID, and the bounds of a time's ids."""

from copy import deepcopy
from datetime import timedelta
from uuid import UUID

import pytest

from app.core.db.ids import creation_time, highest_id, lowest_id, uuid7, uuid_of


@pytest.mark.parametrize("number", [0, 1, 2**121 + 7, 2**128 - 1])
def test_an_id_is_as_its_constructor_makes_it(number: int) -> None:
    made, found = UUID(int=number), uuid_of(number)
    assert (found, hash(found), str(found)) == (made, hash(made), str(made))
    assert (found.bytes, found.is_safe) == (made.bytes, made.is_safe)
    assert deepcopy(found) == made


def test_an_id_is_within_the_bounds_of_its_millisecond() -> None:
    id = uuid7()
    at, millisecond = creation_time(id), timedelta(milliseconds=1)
    assert lowest_id(at) <= id <= highest_id(at)
    assert highest_id(at, -millisecond) < lowest_id(at)
    assert highest_id(at).int + 1 == lowest_id(at, millisecond).int

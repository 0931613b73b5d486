"""Ids that are made without the constructor of UUID."""

from copy import deepcopy
from uuid import UUID

import pytest

from app.core.db.ids import uuid_of


@pytest.mark.parametrize("number", [0, 1, 2**121 + 7, 2**128 - 1])
def test_an_id_is_as_its_constructor_makes_it(number: int) -> None:
    made, found = UUID(int=number), uuid_of(number)
    assert (found, hash(found), str(found)) == (made, hash(made), str(made))
    assert (found.bytes, found.is_safe) == (made.bytes, made.is_safe)
    assert deepcopy(found) == made

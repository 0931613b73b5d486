"""Ways to write, collected as the parameters of a test by decorators."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.audit.changes.conftest import Diff

Way = Callable[[Any], Any]


class Recorded(list[Any]):
    """Ways to write that are recorded, each with the entries that it leaves."""

    def __call__(self, *entries: tuple[str, Diff]) -> Callable[[Way], Way]:
        def keep(way: Way) -> Way:
            self.append(pytest.param(way, list(entries), id=way.__name__))
            return way

        return keep


class Refused(list[Any]):
    """Ways to write that are refused."""

    def __call__(self, way: Way) -> Way:
        self.append(pytest.param(way, id=way.__name__))
        return way

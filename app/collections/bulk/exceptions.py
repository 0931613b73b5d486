"""The refusal of an atomic bulk request, with the problems of all its items."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from app.collections.bulk.outcomes import Outcome
from app.collections.bulk.schemas import MAX_ITEMS
from app.core.exceptions import AppException

MAX_ERRORS = 20  # of one item


class BulkFailedException(AppException):
    """Its status is that of the first item that failed."""

    code = "bulk_failed"
    max_errors = MAX_ITEMS * MAX_ERRORS

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        failures = {
            place: each
            for place, each in enumerate(outcomes)
            if isinstance(each, AppException)
        }
        super().__init__(
            f"{len(failures)} of {len(outcomes)} items failed: nothing was changed"
        )
        self.status = next(iter(failures.values())).status
        found = (errors_of(place, each) for place, each in failures.items())
        self.errors = [*chain.from_iterable(found)]


def errors_of(place: int, error: AppException) -> list[Mapping[str, Any]]:
    whole = {"loc": ("body", "items", place), "type": error.code, "msg": error.detail}
    return [*located(place, error)] or [whole]


def located(place: int, error: AppException) -> list[Mapping[str, Any]]:
    """Return the errors of an item, with their places in the whole body."""
    return [
        {**each, "loc": ("body", "items", place, *within_item(each["loc"]))}
        for each in error.errors[:MAX_ERRORS]
    ]


def within_item(loc: Sequence[Any]) -> Sequence[Any]:
    # Services refer to the body of a request of its own.
    return ("data", *loc[1:]) if loc and loc[0] == "body" else loc
